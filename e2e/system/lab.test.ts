/** Experiments from end to end: the command, real processes, and what it says against what others have counted. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { ROOT } from '@halfopen/runner';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, onTestFinished, test } from 'vitest';
import { spawnScript } from '../harness/process.ts';
import { deadUrl, standIn } from '../harness/system.ts';
import { startWire } from '../harness/wire.ts';

/** As `result.json` writes them. */
const OUTCOMES = ['success', 'degraded', 'failed', 'wrong'] as const;
type Outcome = (typeof OUTCOMES)[number];
interface RunResult {
  readonly requests: Readonly<Record<'dueMs' | 'outcome' | 'tookMs' | 'attempts', string>>;
  readonly figures: Readonly<Record<'before' | 'during' | 'after', Readonly<Record<string, number | null>>>>;
  readonly timeline: { readonly attempts: readonly (number | null)[] };
}
interface Result {
  readonly verdict: string;
  readonly remarks: readonly string[];
  readonly hypotheses: readonly { readonly verdict: string }[];
  readonly phases: readonly { readonly name: string; readonly fromS: number; readonly toS: number }[];
  readonly variants: readonly { readonly runs: readonly RunResult[] }[];
}

/** Ledgers of runs that have not cleaned up after themselves. */
const ledgersLeft = () =>
  readdirSync(fileURLToPath(new URL('../../.halfopen/', import.meta.url))).filter((name) => name.startsWith('lab-'));

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'halfopen-lab-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

function lab(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return spawnScript('lab/src/main.ts', env, [], args);
}

/** Runs an experiment in a folder of its own. */
async function runExperiment(yaml: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  const out = folder();
  const file = join(out, 'test.yaml');
  writeFileSync(file, yaml);
  const { exited, output } = lab(['run', file, '--out', out, ...args], env);
  const exitCode = await exited;
  const [stamp] = readdirSync(out).includes('test') ? readdirSync(join(out, 'test')) : [];
  const result =
    stamp === undefined
      ? undefined
      : (JSON.parse(readFileSync(join(out, 'test', stamp, 'result.json'), 'utf8')) as Result);
  if (result !== undefined) expect(mistakesOf(result)).toEqual([]);
  return { exitCode, output: output(), result };
}

/** What the published schema says against a result, asked by a validator that is not ours. */
function mistakesOf(result: Result): string[] {
  const file = new URL('../../experiments/result.schema.json', import.meta.url);
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
  addFormats.default(ajv);
  const validate = ajv.compile(JSON.parse(readFileSync(file, 'utf8')));
  validate(result);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

// They judge counts, no latencies: a busy machine may run late.
const LOAD =
  'load: { maxLatenessMs: 1000, ratePerS: 40, arrivals: constant, warmUpS: 1, beforeS: 2, duringS: 2, afterS: 2 }';

/** Answers every greeting itself and keeps what it did with each, by request id. */
async function countingStandIn(fateOf: (index: number) => Outcome) {
  const fates = new Map<string, Outcome>();
  const server = await standIn((req, res) => {
    const id = String(req.headers['x-request-id']);
    const name = new URL(req.url ?? '/', 'http://x').searchParams.get('name');
    const fate = fateOf(Number(id.split('-')[2]));
    fates.set(id, fate);
    if (fate === 'degraded') res.setHeader('cache-status', 'halfopen; fwd=stale');
    res.statusCode = fate === 'failed' ? 503 : 200;
    res.end(JSON.stringify({ message: fate === 'wrong' ? 'Hello, nobody!' : `Hello, ${name}!` }));
  });
  return { url: server.url, fates };
}

const bytesOf = (base64 = '') => Uint8Array.from(Buffer.from(base64, 'base64')).buffer;
const outcomesOf = (run: RunResult | undefined) =>
  [...Buffer.from(run?.requests.outcome ?? '', 'base64')].map((code) => OUTCOMES[code]);

test('six seconds, request by request as a stand-in that counts has seen them', { timeout: 90_000 }, async () => {
  // At 40 a second: 0 to 39 are the warm-up, 120 to 199 the phase during.
  const during = (index: number) => index >= 120 && index < 200;
  const { url, fates } = await countingStandIn((index) => {
    if (!during(index)) return 'success';
    return index % 4 === 0 ? 'failed' : index % 10 === 1 ? 'wrong' : index % 10 === 3 ? 'degraded' : 'success';
  });
  const { exitCode, result } = await runExperiment(
    `title: Counted
why: A test.
${LOAD}
variants: { any: {} }
hypothesis:
  - { phase: before, metric: success, variant: any, atLeast: 1 }
  - { phase: during, metric: wrong, variant: any, atMost: 0 }
  - { phase: after, metric: recoveryMs, variant: any, atMost: 0 }
`,
    ['--on', url, '--seed', '5'],
  );
  // The first wrong answer is shown beside what was expected: once for all eight.
  expect(result?.remarks).toEqual([
    expect.stringMatching(
      /^any: GET \/hello\?name=caller-\{n\}: status 200 with another body than expected \(8 ×\)\. The first: expected status 200 and the JSON \{"message":"Hello, caller-\d+!"\}; got status 200, no content-type, \{"message":"Hello, nobody!"\}\.$/,
    ),
  ]);
  // One wrong answer fails the second hypothesis, and so the experiment.
  expect(result?.hypotheses.map(({ verdict }) => verdict)).toEqual(['held', 'failed', 'held']);
  expect({ verdict: result?.verdict, exitCode }).toEqual({ verdict: 'failed', exitCode: 1 });
  const run = result?.variants[0]?.runs[0];
  // One more was sent before the load, to see whether somebody is there.
  expect(fates.size).toBe(281);
  expect(outcomesOf(run)).toEqual(Array.from({ length: 240 }, (_, index) => fates.get(`lab-5-${index + 40}`)));
  expect(run?.figures.during).toMatchObject({
    offered: 80,
    failed: 20 / 80,
    wrong: 8 / 80,
    degraded: 8 / 80,
    success: 44 / 80,
  });
});

test('a stall is met by everybody who was due in it, each from when that was', { timeout: 60_000 }, async () => {
  const STALL_MS = 500;
  const GAP_MS = 1_000 / 40;
  let [stalledAt, arrivedInStall] = [Number.POSITIVE_INFINITY, 0];
  const posts = new Map<number, { readonly authorization: unknown; readonly body: string }>();
  // At 40 a second the 140th comes half a second into the phase during; whoever comes in the next half waits for its end.
  const { url } = await standIn((req, res) => {
    const index = Number(String(req.headers['x-request-id']).split('-')[2]);
    if (index === 140) stalledAt = performance.now();
    const leftMs = stalledAt + STALL_MS - performance.now();
    const stalled = index >= 140 && leftMs > 0;
    if (stalled) arrivedInStall++;
    if (req.method === 'POST') {
      void text(req).then((body) => posts.set(index, { authorization: req.headers.authorization, body }));
    }
    setTimeout(() => res.end('{}'), stalled ? leftMs : 0);
  });
  const SECRET = 'an-experiment-must-not-keep-this';
  const mix = `[{ path: '/' }, { method: POST, path: '/', headers: { authorization: 'Bearer {env:TOKEN}' }, body: { json: { n: '{n}' } } }]`;
  const { result } = await runExperiment(
    `title: Stall
why: A test.
${LOAD.replace('}', `, mix: ${mix} }`)}
variants: { any: {} }
hypothesis:
  - { phase: during, metric: p50Ms, variant: any, atMost: 100 }
`,
    ['--on', url],
    { TOKEN: SECRET },
  );
  // Half of 280 were posts, each with its own body; what a header must keep secret is in no result.
  expect(posts.size).toBeGreaterThan(100);
  for (const [index, post] of posts) {
    expect(post).toEqual({ authorization: `Bearer ${SECRET}`, body: `{"n":"${index}"}` });
  }
  expect(JSON.stringify(result)).not.toContain(SECRET);
  // A closed loop would have come once.
  expect(arrivedInStall).toBeGreaterThan(15);
  const tookMs = new Float32Array(bytesOf(result?.variants[0]?.runs[0]?.requests.tookMs));
  // The first 40 are the warm-up.
  for (let behind = 0; behind < 20; behind++) {
    expect(tookMs[100 + behind], `the ${behind}th of them`).toBeGreaterThan(STALL_MS - behind * GAP_MS - 2);
  }
});

test('without a steady state it gives up, says why, and breaks nothing', { timeout: 60_000 }, async () => {
  const { url, fates } = await countingStandIn((index) => (index % 10 === 5 ? 'failed' : 'success'));
  const { exitCode, result, output } = await runExperiment(
    `title: Unwell\nwhy: A test.\n${LOAD}\nvariants: { any: {} }\nhypothesis:\n  - { phase: during, metric: success, variant: any, atLeast: 0 }\n`,
    ['--on', url],
  );
  expect(output).toMatch(
    /No steady state: \d+ of \d+ requests .* \(\d+ × GET \/hello\?name=caller-\{n\}: status 503\)\./,
  );
  expect({ exitCode, verdict: result?.verdict }).toEqual({ exitCode: 1, verdict: 'inconclusive' });
  expect(fates.size).toBeLessThan(140);
});

test('at a URL where nobody listens no load is sent, and the reason is said', { timeout: 60_000 }, async () => {
  const { exitCode, result, output } = await runExperiment(
    `title: Nobody\nwhy: A test.\n${LOAD}\nvariants: { any: {} }\nhypothesis:\n  - { phase: during, metric: success, variant: any, atLeast: 0 }\nabortWhen: { failedShare: 0.5 }\n`,
    ['--on', deadUrl()],
  );
  expect(output).toMatch(
    /Nobody: inconclusive\n.*\n {2}! No load was sent\. GET http:\S+: no answer, ECONNREFUSED \(nobody listens there\)\./,
  );
  expect({ exitCode, verdict: result?.verdict, variants: result?.variants }).toEqual({
    exitCode: 1,
    verdict: 'inconclusive',
    variants: [],
  });
});

test('two variants meet the same victims; the greeter counts what the edge cannot hide', {
  timeout: 120_000,
}, async () => {
  const { exitCode, result } = await runExperiment(`title: Paired
why: Half of the attempts fail; a bare call makes one attempt.
${LOAD}
variants:
  none: { edge: { GREETER_CALL_POLICY: none } }
  again: { edge: { GREETER_CALL_POLICY: none } }
  standard: { edge: { GREETER_CALL_POLICY: standard, GREETER_CALL_RETRY_BUDGET: 1000, GREETER_CALL_RETRY_RATIO: 1 } }
method:
  - { layer: plan, faults: [{ id: half, rate: 0.5, status: 503 }] }
hypothesis:
  - { phase: during, metric: success, variant: none, atLeast: 0.15, atMost: 0.85 }
  - { phase: during, metric: wrong, variant: none, atMost: 0 }
  - { phase: during, metric: success, variant: again, minus: none, atLeast: -0.25, atMost: 0.25 }
`);
  // A busy machine may break it a little late.
  const remarks = result?.remarks.filter((remark) => !/ (?:began|ended) \d+ ms late: /.test(remark));
  expect({ exitCode, verdict: result?.verdict, remarks }).toEqual({ exitCode: 0, verdict: 'held', remarks: [] });
  const [none, again, standard] = result?.variants.map(({ runs }) => runs[0]) ?? [];
  // The same arrivals and, with the same policy, the same victims, one by one.
  expect(again?.requests.dueMs).toBe(none?.requests.dueMs);
  expect(standard?.requests.dueMs).toBe(none?.requests.dueMs);
  const { fromS = 0, toS = 0 } = result?.phases.find(({ name }) => name === 'during') ?? {};
  const dueMs = new Float64Array(bytesOf(none?.requests.dueMs));
  const tookMs = [none, again, standard].map((run) => new Float32Array(bytesOf(run?.requests.tookMs)));
  // A plan takes a moment to be put and to be taken back. What was under way just then, in any variant, may have met either.
  const settled = [...dueMs.keys()].filter((index) => {
    const dueS = (dueMs[index] ?? 0) / 1_000;
    const endS = dueS + Math.max(...tookMs.map((took) => took[index] ?? 0)) / 1_000;
    return [fromS, toS].every((edgeS) => endS < edgeS || dueS > edgeS + 0.5);
  });
  expect(settled.length).toBeGreaterThan(150);
  const settledOutcomesOf = (run: RunResult | undefined) => {
    const outcomes = outcomesOf(run);
    return settled.map((index) => outcomes[index]);
  };
  expect(settledOutcomesOf(again)).toEqual(settledOutcomesOf(none));
  expect(none?.figures.during).toMatchObject({ offered: 80, amplification: 1 });
  expect(new Set(settledOutcomesOf(none)).size).toBe(2);
  expect(none?.figures.before.success).toBe(1);
  // What a bare call lost, a retry may have saved; what it won, a retry cannot have lost.
  const [bare, retried] = [settledOutcomesOf(none), settledOutcomesOf(standard)];
  for (const [index, outcome] of bare.entries()) if (outcome === 'success') expect(retried[index]).toBe('success');
  expect(standard?.figures.during.amplification).toBeGreaterThan(1.2);
  // One by one and in sum, in the second in which each arrived.
  const attempts = new Uint16Array(bytesOf(standard?.requests.attempts));
  const total = attempts.reduce((sum, one) => sum + one, 0);
  expect(standard?.timeline.attempts.reduce((sum: number, one) => sum + (one ?? 0), 0)).toBe(total);
  expect(ledgersLeft()).toEqual([]);
});

describe('whatever ends the runner, nothing of it stays', () => {
  const paused = `title: Paused
why: A test.
load: { ratePerS: 20, warmUpS: 0, beforeS: 60, duringS: 1, afterS: 1 }
variants: { standard: {} }
method:
  - { layer: process, action: pause, phase: all }
hypothesis:
  - { phase: after, metric: success, variant: standard, atLeast: 0 }
`;
  interface Process {
    readonly pid: number;
    readonly stopped: boolean;
  }

  /** The services of this repository that run, of this parent alone if it is given. */
  const services = (parent?: number): Process[] =>
    execFileSync('ps', ['-eo', 'stat=,pid=,ppid=,args='], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => /\/services\/\w+\/src\/main\.ts/.test(line))
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , ppid]) => parent === undefined || Number(ppid) === parent)
      .map(([stat = '', pid]) => ({ pid: Number(pid), stopped: stat.startsWith('T') }));

  /** Those that have not ended. */
  const stillThere = (processes: readonly Process[]) => {
    const there = new Set(services().map(({ pid }) => pid));
    return processes.filter(({ pid }) => there.has(pid));
  };

  /** Waits for the fault. @returns the services of the run */
  async function untilPaused(pid: number): Promise<Process[]> {
    await expect.poll(() => services(pid).filter(({ stopped }) => stopped), { timeout: 40_000 }).toHaveLength(1);
    return services(pid);
  }

  function startPaused(args: readonly string[] = []) {
    const out = folder();
    const file = join(out, 'test.yaml');
    writeFileSync(file, paused);
    return lab(['run', file, '--out', out, ...args]);
  }

  test('Ctrl-C: at once, exit code 130', { timeout: 60_000 }, async () => {
    const { pid, signal, exited, output } = startPaused();
    const run = await untilPaused(pid);
    expect(run).toHaveLength(2);
    signal('SIGINT');
    expect(await exited).toBe(130);
    expect(output()).toContain('undoing all faults');
    expect(stillThere(run)).toEqual([]);
    expect(ledgersLeft()).toEqual([]);
  });

  test('SIGKILL in the middle of a fault: its services end by themselves, the paused one too', {
    timeout: 60_000,
  }, async () => {
    const { pid, signal, exited } = startPaused();
    const run = await untilPaused(pid);
    expect(run).toHaveLength(2);
    signal('SIGKILL');
    expect(await exited).toBe('SIGKILL');
    await expect.poll(() => stillThere(run), { timeout: 20_000 }).toEqual([]);
  });

  test('SIGKILL with proxies on the wire: the next run removes them', { timeout: 60_000 }, async () => {
    const { server, toxiproxy } = await startWire();
    const { pid, signal, exited } = startPaused(['--wire', server.url]);
    await untilPaused(pid);
    signal('SIGKILL');
    expect(await exited).toBe('SIGKILL');
    const proxy = `lab-${pid}-greeter-1`;
    expect(Object.keys(await toxiproxy.getAll())).toContain(proxy);
    expect(ledgersLeft()).toEqual([`lab-${pid}.json`]);

    const next = await runExperiment(`title: Next
why: A test.
load: { maxLatenessMs: 1000, ratePerS: 20, warmUpS: 1, beforeS: 1, duringS: 1, afterS: 1 }
variants: { standard: {} }
hypothesis:
  - { phase: after, metric: wrong, variant: standard, atMost: 0 }
`);
    expect(next.output).toContain(`left by a run that was killed: DELETE ${server.url}/proxies/${proxy} (204)`);
    expect(Object.keys(await toxiproxy.getAll())).not.toContain(proxy);
    expect(ledgersLeft()).toEqual([]);
  });
});

describe('exit codes', () => {
  test('pnpm adds nothing to them, and a path is one from the folder where the command was typed', async () => {
    const from = realpathSync(folder());
    const args = ['-y', 'pnpm@12', '--dir', fileURLToPath(ROOT), 'lab', 'check', 'nowhere.yaml'];
    const { status, stdout, stderr } = spawnSync('npx', args, { cwd: from, encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toBe(`nowhere.yaml: there is no such file (in ${from})\n`);
  }, 60_000);

  test('2 for a mistake in a file: nothing is run', async () => {
    const { exitCode, output, result } = await runExperiment('title: Bad\nwhy: A test.\nload: { ratePerS: fast }\n');
    expect(exitCode).toBe(2);
    expect(output).toMatch(/test\.yaml:3:19: load\.ratePerS: /);
    expect(result).toBeUndefined();
  });

  test('2 for a mistake on the command line', async () => {
    const mistakes = [
      ['run'],
      ['run', 'nowhere.yaml'],
      ['run', 'experiments/poison.yaml', '--on', 'mars'],
      ['run', '--repeat', '0', 'x.yaml'],
      ['run', 'experiments/poison.yaml', '--on', 'http://me:secret@127.0.0.1'],
      ['check', 'nowhere.yaml'],
      ['chekc', 'experiments/poison.yaml'],
    ];
    const said = await Promise.all(
      mistakes.map(async (args) => {
        const { exited, output } = lab(args);
        return { args, exitCode: await exited, output: output() };
      }),
    );
    expect(said).toEqual(mistakes.map((args) => ({ args, exitCode: 2, output: expect.stringMatching(/./) })));
  });
});
