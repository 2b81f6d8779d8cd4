/** Experiments without processes: the same arrivals, the same victims, every fault that is not refused. */
import { readFileSync } from 'node:fs';
import { workspaceRoot } from '@halfopen/figures/provenance';
import { describe, expect, test } from 'vitest';
import type { Experiment } from '../src/experiment/format.ts';
import { placeChecks } from '../src/experiment/place-checks.ts';
import { ExperimentError, readExperiment } from '../src/experiment/read-experiment.ts';
import { figuresOf } from '../src/measure/figures.ts';
import { codeOf } from '../src/measure/raw-run.ts';
import { rawRunOf } from '../src/measure/run-of-result.ts';
import { publicationOf } from '../src/publish/publication.ts';
import { renderJunit } from '../src/report/junit.ts';
import { renderMarkdown } from '../src/report/markdown.ts';
import { renderReport } from '../src/report/render-report.ts';
import { readResult } from '../src/result/read-result.ts';
import { experimentResult } from '../src/result/result.ts';
import { runExperiment } from '../src/run/run-experiment.ts';
import { runSimulated } from '../src/simulate/run-simulated.ts';
import { verdictTable } from '../src/terminal/verdict-table.ts';
import { sampleResult } from './sample-result.ts';

/** Thirty requests a second, a second for each phase. */
const LOAD = 'load: { ratePerS: 30, arrivals: constant, warmUpS: 0.5, beforeS: 1, duringS: 2, afterS: 2 }';
const HYPOTHESIS = 'hypothesis: [{ phase: before, metric: success, variant: none, atLeast: 1 }]';

function experimentOf(
  method: string,
  { variant = 'edge: { GREETER_CALL_POLICY: none }', load = LOAD, more = '' } = {},
) {
  const text = `title: T\nwhy: A test.\n${load}\nvariants: { none: { ${variant} } }\nmethod: [${method}]\n${HYPOTHESIS}\n${more}`;
  return { text, experiment: readExperiment(text, 'test.yaml') };
}

async function run(experiment: Experiment, { seed = 1, signal = new AbortController().signal, draw = 0 } = {}) {
  const [variant] = Object.values(experiment.variants);
  if (variant === undefined) throw new TypeError('an experiment without a variant');
  const made = await runSimulated({ experiment, variant, seed, draw, signal, onProgress: () => undefined });
  const [before, during, after] = experiment.load.phases.map((phase) => figuresOf(made.raw, phase));
  if (before === undefined || during === undefined || after === undefined) throw new TypeError('not three phases');
  return { ...made, before, during, after };
}

function committed(name: string) {
  const root = workspaceRoot();
  return {
    experiment: readExperiment(readFileSync(`${root}/experiments/${name}.yaml`, 'utf8'), name),
    real: readResult(`${root}/experiments/results/${name}.json.gz`),
  };
}

test('the arrivals are those of the real run, and so are the requests that a fault hits', async () => {
  const { experiment, real } = committed('random-errors-50');
  const measured = real.variants[0]?.runs[0];
  if (measured === undefined) throw new TypeError('no run');
  const { raw } = await run(experiment);
  const { dueMs, outcome } = rawRunOf(measured, real.phases);
  expect(raw.dueMs).toEqual(dueMs);
  const differ = [...dueMs.keys()].filter((index) => raw.outcome[index] !== outcome[index]);
  expect(outcome.filter((code) => code !== codeOf('success')).length).toBeGreaterThan(700);
  // On processes, a fault begins and ends some milliseconds late.
  const edges = [4_000, 14_000];
  expect(differ.filter((index) => edges.every((edge) => Math.abs((dueMs[index] as number) - edge) > 100))).toEqual([]);
});

test('a paused greeter holds as many connections as the real one, and later calls get none', async () => {
  const { experiment, real } = committed('black-hole');
  const { during } = await run(experiment);
  const measured = real.variants[0]?.runs[0]?.figures.during;
  expect(measured?.amplification).toBeGreaterThan(0.4);
  expect(during.amplification).toBeCloseTo(measured?.amplification ?? Number.NaN, 2);
  expect(during.p50Ms).toBeLessThan(270);
});

test('the same seed gives the same run, and another draw gives other chances to the same arrivals', async () => {
  const { experiment } = experimentOf('{ layer: plan, faults: [{ id: a, rate: 0.5, status: 503 }] }', {
    variant: 'edge: { GREETER_CALL_BREAKER_FAILURE_RATE: 0.9 }',
  });
  const [one, same, otherDraw, otherSeed] = await Promise.all([
    run(experiment),
    run(experiment),
    run(experiment, { draw: 1 }),
    run(experiment, { seed: 2 }),
  ]);
  expect(same.raw).toEqual(one.raw);
  expect(otherDraw.raw.dueMs).toEqual(one.raw.dueMs);
  expect(otherDraw.raw.tookMs).not.toEqual(one.raw.tookMs);
  expect(otherSeed.raw.outcome).not.toEqual(one.raw.outcome);
});

/** What a bare call meets while the fault is in force: the share of successes, and between which latencies. */
describe('faults', () => {
  const plan = (effect: string) => `{ layer: plan, faults: [{ id: a, ${effect} }] }`;
  const wire = (toxic: string) => `{ layer: wire, toxics: [{ ${toxic} }] }`;
  test.each([
    ['a status', plan('status: 503'), 0, 0, 20],
    ['a reset', plan('reset: true'), 0, 0, 20],
    ['silence', plan('hang: true'), 0, 2_000, 2_050],
    ['a process that exits', plan('exit: true, count: 1'), 0.43, 0, 20],
    ['a cut answer', plan('truncate: true'), 0, 0, 20],
    ['JSON that does not parse', plan('malformed: true'), 0, 0, 20],
    ['JSON of another type', plan('wrongType: true'), 0, 0, 20],
    ['an answer that is lost', plan('lostResponse: true'), 0, 0, 20],
    ['an answer that is too large', plan('oversize: true'), 0, 0, 20],
    ['a large answer', plan('oversize: 2000'), 1, 0, 20],
    ['a dripping answer', plan('drip: true, dripIntervalMs: 10'), 1, 250, 400],
    ['a delay', plan('delayMs: 100'), 1, 100, 120],
    ['a delay of a distribution', plan('delayMs: { distribution: uniform, minMs: 100, maxMs: 200 }'), 1, 120, 180],
    ['a wire with latency', wire('type: latency, attributes: { latency: 100 }'), 1, 100, 120],
    ['a slow wire', wire('type: bandwidth, attributes: { rate: 6 }'), 1, 100, 120],
    ['a wire that lets nothing through', wire('type: bandwidth, attributes: { rate: 0 }'), 0, 2_000, 2_050],
    ['a wire that swallows', wire('type: timeout'), 0, 500, 2_050],
    ['a wire that resets', wire('type: reset_peer, stream: upstream, attributes: { timeout: 50 }'), 0, 50, 70],
    ['a paused process, whose callers can just wait', '{ layer: process, action: pause }', 1, 900, 1_100],
    ['a killed process', '{ layer: process, action: kill }', 0, 0, 20],
  ])('%s', async (_what, method, success, atLeastMs, atMostMs) => {
    const { before, during, after } = await run(experimentOf(method).experiment);
    expect(before.success).toBe(1);
    expect(during.success).toBeGreaterThanOrEqual(success - 0.05);
    expect(during.success).toBeLessThanOrEqual(success + 0.05);
    expect(during.p50Ms).toBeGreaterThanOrEqual(atLeastMs);
    expect(during.p50Ms).toBeLessThan(atMostMs);
    // A killed process takes some time to start.
    expect(after.success).toBeGreaterThanOrEqual(/kill/.test(method) ? 0.6 : 1);
  });

  test('of three greeters, only the named one is hit', async () => {
    const { experiment } = experimentOf('{ layer: plan, replica: 2, faults: [{ id: a, status: 503 }] }', {
      variant: 'replicas: 3, edge: { GREETER_CALL_POLICY: none }',
    });
    const { during } = await run(experiment);
    expect(during.success).toBeGreaterThan(0.4);
    expect(during.success).toBeLessThan(0.9);
  });

  test('the settings of greeter and edge are theirs: places, queue, deadline', async () => {
    const work = '{ layer: plan, faults: [{ id: a, delayMs: 200 }] }';
    const held = await run(
      experimentOf(work, { variant: 'edge: { GREETER_CALL_POLICY: none, EDGE_DEADLINE_MS: 100 }' }).experiment,
    );
    expect(held.during.success).toBe(0);
    expect(held.during.p50Ms).toBeLessThan(120);
    const narrow =
      'edge: { GREETER_CALL_POLICY: none }, greeter: { GREETER_MAX_IN_PROGRESS: 2, GREETER_MAX_QUEUED: 0 }';
    const { during } = await run(experimentOf(work, { variant: narrow }).experiment);
    // Two places of 200 ms serve ten of thirty a second.
    expect(during.goodputPerS).toBeGreaterThan(8);
    expect(during.goodputPerS).toBeLessThan(12);
  });
});

test('what cannot be simulated is refused by name, all at once', () => {
  const { text } = experimentOf(
    `{ layer: plan, faults: [{ id: a, cpu: 0.5 }] },
  { layer: wire, proxy: greeter-1, toxics: [{ type: slicer, attributes: { average_size: 5 } }, { type: timeout, toxicity: 0.5 }] }`,
    {
      variant: 'edge: { KEEP_ALIVE_TIMEOUT_MS: 5000 }, greeter: { NODE_OPTIONS: x }',
      load: LOAD.replace(
        ' }',
        ", mix: [{ path: '/hello' }, { path: '/openapi.json', headers: { accept: '*/*' } }, { method: POST, path: '/hello' }] }",
      ),
      more: 'abortWhen: { edgeRssBytes: 100 }',
    },
  );
  const place = { on: 'simulated', hasWire: false, variant: undefined, env: {} } as const;
  let message = '';
  try {
    readExperiment(text, 'test.yaml', (experiment) => placeChecks(experiment, place));
  } catch (error) {
    if (!(error instanceof ExperimentError)) throw error;
    ({ message } = error);
  }
  const named = message.split('\n').map((line) => /^test\.yaml:\d+:\d+: (\S+): cannot be simulated/.exec(line)?.[1]);
  expect(named).toEqual([
    'load.mix[1].path',
    'load.mix[1].headers.accept',
    'load.mix[2].method',
    'variants.none.edge.KEEP_ALIVE_TIMEOUT_MS',
    'variants.none.greeter.NODE_OPTIONS',
    'method[0].faults[0].cpu',
    'method[1].proxy',
    'method[1].toxics[0].type',
    'method[1].toxics[1].toxicity',
    'abortWhen.edgeRssBytes',
  ]);
});

test('abortWhen stops a simulated run, too', async () => {
  const { experiment } = experimentOf('{ layer: process, action: kill }', { more: 'abortWhen: { failedShare: 0.2 }' });
  const { unsound, raw } = await run(experiment);
  expect(unsound.map(({ reason }) => reason)).toEqual(['limit']);
  expect(raw.dueMs.at(-1)).toBeLessThan(3_000);
});

test('an interrupted run gives what there is so far', async () => {
  const { experiment } = experimentOf('', { load: LOAD.replace('duringS: 2', 'duringS: 60') });
  const controller = new AbortController();
  const [variant] = Object.values(experiment.variants);
  if (variant === undefined) throw new TypeError('an experiment without a variant');
  const { unsound, raw } = await runSimulated({
    experiment,
    variant,
    seed: 1,
    signal: controller.signal,
    onProgress: ({ atS }) => {
      if (atS >= 2) controller.abort();
    },
  });
  expect(unsound.map(({ reason }) => reason)).toEqual(['interrupted']);
  expect(raw.dueMs.length).toBeGreaterThan(50);
  // The world looks for it every few thousand events, and here 1,890 requests would come.
  expect(raw.dueMs.length).toBeLessThan(600);
});

test('everything that is made from it says that it is simulated', async () => {
  const { experiment, text } = experimentOf('{ layer: plan, faults: [{ id: a, status: 503 }] }');
  const result = await runExperiment({
    experiment,
    text,
    file: 'test.yaml',
    seed: 1,
    repeats: 1,
    simulated: true,
    provenance: { ...sampleResult().provenance, on: 'simulated' },
    run: (variant, seed) =>
      runSimulated({ experiment, variant, seed, signal: new AbortController().signal, onProgress: () => undefined }),
  });
  expect(experimentResult.parse(result)).toMatchObject({ simulated: true, verdict: 'held', sound: true });
  const report = renderReport(result);
  const pictures = report.match(/<svg[^>]* role="img"[^]*?<title[^]*?<\/desc>/g) ?? [];
  expect(pictures).toHaveLength(3);
  expect(report.match(/>simulated<\/text>/g)).toHaveLength(3);
  for (const said of [verdictTable(result), renderMarkdown(result), renderJunit(result), report, ...pictures]) {
    expect(said).toMatch(/\bsimulated\b/i);
  }
  expect(() => publicationOf([result])).toThrow('test was simulated: only what was measured is published');
});
