import { quantile } from '@halfopen/figures/statistics';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { METRICS, type MetricName } from '../src/result/metrics.ts';
import { unpackRequests } from '../src/result/packed-requests.ts';
import {
  type EndpointState,
  type ExperimentResult,
  type Figures,
  OUTCOMES,
  type PhaseName,
  type RunResult,
  type VariantResult,
} from '../src/result/result.ts';

const RATE_PER_S = 60;
const SECONDS = 36;
const PHASES = [
  { name: 'before', fromS: 0, toS: 10 },
  { name: 'during', fromS: 10, toS: 22 },
  { name: 'after', fromS: 22, toS: 36 },
] as const;

export interface SampleOptions {
  readonly seed?: number;
  /** Share of the requests of `standard` that fail besides, at any time. */
  readonly planted?: number;
  readonly repeats?: number;
}

/**
 * FOR TESTS ONLY, and never a measurement: a result of which every figure is made up, in the shape of a total outage, with `none`
 * beside `standard`. The same options give the same result.
 */
export function sampleResult({ seed = 1, planted = 0, repeats = 1 }: SampleOptions = {}): ExperimentResult {
  const variant = (name: 'none' | 'standard'): VariantResult => ({
    name,
    env: { GREETER_CALL_POLICY: name },
    runs: Array.from({ length: repeats }, (_, run) =>
      simulatedRun(name, seed + run, name === 'standard' ? planted : 0),
    ),
  });
  return {
    version: 1,
    experiment: {
      file: 'experiments/total-outage.yaml',
      title: 'Total outage: the greeter hangs for twelve seconds',
      why: 'A downstream that hangs is worse than one that refuses: whoever waits for it, waits. The standard policy should answer at once while the greeter is gone, and be back within a second of its return.',
      text: 'title: "Total outage: the greeter hangs for twelve seconds"\n# made up, for tests: <not> a measurement\n',
    },
    verdict: 'failed',
    sound: true,
    remarks: ['This is simulated, for tests: nothing was measured.'],
    provenance: {
      startedAt: '2026-01-02T03:04:05.000Z',
      command: `pnpm lab run experiments/total-outage.yaml --seed ${seed}`,
      seed,
      commit: '0123456789abcdef0123456789abcdef01234567',
      node: 'v24.21.0',
      versions: { undici: '8.12.4', opossum: '10.0.0', axios: '1.21.1', express: '5.3.0' },
      machine: { cpu: 'Simulated CPU', cores: 2, memoryBytes: 8 * 2 ** 30, os: 'linux 6.1' },
      on: 'processes of this machine',
    },
    phases: PHASES,
    faults: [{ label: 'greeter hangs', layer: 'plan', fromS: 10, toS: 22 }],
    hypotheses: [
      {
        text: 'standard, before: success ≥ 99 %',
        phase: 'before',
        metric: 'success',
        variant: 'standard',
        atLeast: 0.99,
        observed: 1,
        interval: [0.9938, 1],
        verdict: 'held',
      },
      {
        text: 'standard, during: p50 ≤ 50 ms',
        phase: 'during',
        metric: 'p50Ms',
        variant: 'standard',
        atMost: 50,
        observed: 1.2,
        interval: [1.1, 1.4],
        verdict: 'held',
      },
      {
        text: 'standard − none, during: p50 ≤ -1000 ms',
        phase: 'during',
        metric: 'p50Ms',
        variant: 'standard',
        minus: 'none',
        atMost: -1000,
        observed: -1998.8,
        interval: [-1999, -1998.4],
        verdict: 'held',
      },
      {
        text: 'standard, after: p99.9 ≤ 100 ms',
        phase: 'after',
        metric: 'p999Ms',
        variant: 'standard',
        atMost: 100,
        observed: 64,
        interval: null,
        verdict: 'inconclusive',
      },
      {
        text: 'none, during: success ≥ 50 %',
        phase: 'during',
        metric: 'success',
        variant: 'none',
        atLeast: 0.5,
        observed: 0,
        interval: [0, 0.0053],
        verdict: 'failed',
      },
    ],
    variants: [variant('none'), variant('standard')],
  };
}

/** FOR TESTS ONLY: as if `standard` had asked three endpoints, of which the second was left out while the fault was there. */
export function withEndpoints(result: ExperimentResult): ExperimentResult {
  const states = (during: EndpointState) =>
    Array.from({ length: SECONDS }, (_, second) => (second >= 10 && second < 22 ? during : ('closed' as const)));
  const endpoints = [
    { name: 'greeter 1', states: states('closed') },
    { name: 'greeter 2', states: states('left_out') },
    { name: '172.18.0.3:5000', states: states('closed') },
  ];
  const variants = result.variants.map((variant) => ({
    ...variant,
    runs:
      variant.name === 'standard'
        ? variant.runs.map((run) => ({ ...run, timeline: { ...run.timeline, endpoints } }))
        : variant.runs,
  }));
  return { ...result, variants };
}

/** FOR TESTS ONLY: as if the runner had given up in the first variant, `atS` seconds (a whole number, before the fault) from the start. */
export function stoppedAt(result: ExperimentResult, atS: number): ExperimentResult {
  const [first] = result.variants as [VariantResult];
  const cut = <T>(values: readonly T[], rest: T) => values.map((value, second) => (second < atS ? value : rest));
  const nothing = Object.fromEntries(METRICS.map((metric) => [metric, null])) as Record<MetricName, null>;
  const runs = first.runs.slice(0, 1).map((run): RunResult => {
    const { dueMs, outcome, tookMs, attempts } = unpackRequests(run.requests);
    const count = dueMs.findIndex((due) => due >= atS * 1_000);
    const { timeline } = run;
    return {
      ...run,
      requests: {
        count,
        dueMs: base64(dueMs.slice(0, count)),
        outcome: base64(outcome.slice(0, count)),
        tookMs: base64(Float32Array.from(tookMs.slice(0, count))),
        attempts: base64((attempts as Uint16Array<ArrayBuffer>).slice(0, count)),
      },
      figures: {
        ...run.figures,
        during: { ...nothing, offered: 0, recovered: null },
        after: { ...nothing, offered: 0, recovered: null },
      },
      timeline: {
        ...timeline,
        offered: cut(timeline.offered, 0),
        success: cut(timeline.success, 0),
        degraded: cut(timeline.degraded, 0),
        failed: cut(timeline.failed, 0),
        wrong: cut(timeline.wrong, 0),
        p50Ms: cut(timeline.p50Ms, null),
        p99Ms: cut(timeline.p99Ms, null),
        attempts: cut(timeline.attempts, 0),
        breaker: cut(timeline.breaker, null),
        retryBudget: cut(timeline.retryBudget, null),
      },
    };
  });
  const undecided = { observed: null, interval: null, verdict: 'inconclusive' } as const;
  const recovery = {
    text: 'none, after: recovery ≤ 250 ms',
    phase: 'after',
    metric: 'recoveryMs',
    variant: 'none',
  } as const;
  return {
    ...result,
    verdict: 'inconclusive',
    sound: false,
    gaveUpFor: 'late',
    remarks: ['none: This machine is too slow or too busy.'],
    hypotheses: [...result.hypotheses, { ...recovery, atMost: 250 }].map((one) => ({ ...one, ...undecided })),
    variants: [{ ...first, runs }],
  };
}

interface SimulatedRequest {
  readonly dueMs: number;
  readonly outcome: number;
  readonly tookMs: number;
  readonly attempts: number;
}

/** Numbers in [0, 1), the same ones for the same seed. */
function chances(seed: number): () => number {
  const random = xoroshiro128plus(seed);
  return () => uniformFloat64(random);
}

function simulatedRun(policy: 'none' | 'standard', seed: number, planted: number): RunResult {
  const arrivals = chances(seed);
  const own = chances(seed + (policy === 'none' ? 1_000 : 2_000));
  const requests: SimulatedRequest[] = [];
  const breaker: RunResult['timeline']['breaker'][number][] = [];
  for (let dueMs = 0; ; ) {
    dueMs += (-Math.log(1 - arrivals()) / RATE_PER_S) * 1_000;
    if (dueMs >= SECONDS * 1_000) break;
    const stray = arrivals() < 0.003;
    const [ownMs, lost, sometimes] = [2 - Math.log(1 - own()) * 6, own() < planted, own()];
    requests.push({ dueMs, ...answer(policy, dueMs / 1_000, ownMs, stray, lost, sometimes) });
  }
  for (let second = 0; second < SECONDS; second++) {
    if (policy === 'none') breaker.push('closed');
    else if (second >= 10 && second < 22) breaker.push('open');
    else breaker.push(second === 22 ? 'half_open' : 'closed');
  }
  const seconds = Array.from({ length: SECONDS }, (_, second) =>
    requests.filter(({ dueMs }) => Math.floor(dueMs / 1_000) === second),
  );
  const count = (code: number) => seconds.map((all) => all.filter(({ outcome }) => outcome === code).length);
  const latency = (q: number) =>
    seconds.map((all) =>
      quantile(
        all.map(({ tookMs }) => tookMs),
        q,
      ),
    );
  return {
    seed,
    lateness: { p99Ms: 1.4, maxMs: 6.2 },
    requests: {
      count: requests.length,
      dueMs: base64(Float64Array.from(requests, ({ dueMs }) => dueMs)),
      outcome: base64(Uint8Array.from(requests, ({ outcome }) => outcome)),
      tookMs: base64(Float32Array.from(requests, ({ tookMs }) => tookMs)),
      attempts: base64(Uint16Array.from(requests, ({ attempts }) => attempts)),
    },
    figures: Object.fromEntries(PHASES.map((phase) => [phase.name, simulatedFigures(requests, phase)])) as Record<
      PhaseName,
      Figures
    >,
    // Not known to have been in force at other times than planned.
    faults: [null],
    timeline: {
      offered: seconds.map(({ length }) => length),
      success: count(0),
      degraded: count(1),
      failed: count(2),
      wrong: count(3),
      p50Ms: latency(0.5),
      p99Ms: latency(0.99),
      attempts: seconds.map((all) => all.reduce((sum, { attempts }) => sum + attempts, 0)),
      breaker,
      retryBudget: seconds.map((_, second) => (second >= 10 && second < 22 ? 0 : 10)),
    },
  };
}

function answer(
  policy: 'none' | 'standard',
  atS: number,
  ownMs: number,
  stray: boolean,
  lost: boolean,
  sometimes: number,
) {
  const [success, degraded, failed] = [0, 1, 2];
  const down = atS >= 10 && atS < 22;
  if (policy === 'none') {
    if (down) return { outcome: failed, tookMs: 2_000 - Math.max(0, atS - 21) * 900, attempts: 1 };
    return { outcome: stray ? failed : success, tookMs: ownMs, attempts: 1 };
  }
  if (down && atS < 10.4) return { outcome: failed, tookMs: 700 + ownMs, attempts: 2 };
  if (down || (atS >= 22 && atS < 22.4)) {
    const probe = sometimes < 0.03;
    return { outcome: sometimes > 0.7 ? degraded : failed, tookMs: probe ? 500 : ownMs / 4, attempts: probe ? 1 : 0 };
  }
  return { outcome: lost ? failed : success, tookMs: stray ? ownMs + 40 : ownMs, attempts: stray ? 2 : 1 };
}

function simulatedFigures(all: readonly SimulatedRequest[], { name, fromS, toS }: (typeof PHASES)[number]): Figures {
  const requests = all.filter(({ dueMs }) => dueMs >= fromS * 1_000 && dueMs < toS * 1_000);
  const share = (outcome: (typeof OUTCOMES)[number]) =>
    requests.filter((request) => request.outcome === OUTCOMES.indexOf(outcome)).length / requests.length;
  const attempts = requests.reduce((sum, request) => sum + request.attempts, 0);
  const took = requests.map(({ tookMs }) => tookMs);
  const good = share('success') * requests.length;
  return {
    offered: requests.length,
    success: share('success'),
    degraded: share('degraded'),
    failed: share('failed'),
    wrong: share('wrong'),
    goodputPerS: good / (toS - fromS),
    p50Ms: quantile(took, 0.5),
    p99Ms: quantile(took, 0.99),
    p999Ms: quantile(took, 0.999),
    amplification: attempts / requests.length,
    successPerAttempt: attempts === 0 ? null : good / attempts,
    recoveryMs: name === 'after' ? 400 : null,
    recovered: name === 'after' ? true : null,
  };
}

function base64({ buffer }: NodeJS.TypedArray): string {
  return Buffer.from(buffer).toString('base64');
}
