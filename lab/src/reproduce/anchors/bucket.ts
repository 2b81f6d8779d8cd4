import type { Policy, RetryBudget } from '@halfopen/client';
import { type Configuration, constant, exponential, runScenario, type Scenario, standard } from '@halfopen/simulator';
import type { Anchor, Claim } from '../anchor.ts';
import { agrees, fixed, type Measured, meanOf, withInterval } from '../measured.ts';
import { linesPicture } from '../pictures/lines-picture.ts';
import { publishedClient } from '../published-client.ts';

/** His simulation: a hundred clients, ten calls a second each, for ten seconds. */
const CLIENTS = 100;
const LENGTH_MS = 10_000;
const TOKENS = 5;
const EARNED = 0.1;

const RATES = [0.05, 0.1, 0.3, 0.5, 0.75];

interface Published {
  readonly calls: number;
  readonly success: number;
}

/** Calls per request and success of the source's own code, by share of failures: the mean of twenty seeds. */
const THEIRS = {
  'earned per call': {
    0.05: { calls: 1.0538, success: 0.9999 },
    0.1: { calls: 1.1017, success: 0.9922 },
    0.3: { calls: 1.1391, success: 0.7968 },
    0.5: { calls: 1.1416, success: 0.57 },
    0.75: { calls: 1.1428, success: 0.2848 },
  } as Readonly<Record<number, Published>>,
  'earned per success': {
    0.05: { calls: 1.054, success: 0.9999 },
    0.1: { calls: 1.1015, success: 0.9915 },
    0.3: { calls: 1.118, success: 0.7824 },
    0.5: { calls: 1.0972, success: 0.5485 },
    0.75: { calls: 1.07, success: 0.266 },
  } as Readonly<Record<number, Published>>,
};

/** `AdaptiveRetryStrategy`: full at first, and a retry needs more than one token. */
function hisBucket(): RetryBudget {
  let tokens = TOKENS;
  return {
    earn() {
      tokens = Math.min(TOKENS, tokens + EARNED);
    },
    spend() {
      if (tokens <= 1) return false;
      tokens -= 1;
      return true;
    },
    get remaining() {
      return tokens;
    },
    capacity: TOKENS,
  };
}

/** A token for each call that begins, whatever becomes of it. */
function earnedPerCall() {
  const bucket = hisBucket();
  const around: Policy = (next) => (context) => {
    bucket.earn();
    return next(context);
  };
  return { budget: { ...bucket, earn: () => {} }, around };
}

const unlimitedAttempts = { attempts: Number.POSITIVE_INFINITY, attemptTimeoutMs: 1e9 };

export const CLIENT_KINDS = {
  'earned per call': publishedClient({ ...unlimitedAttempts, budget: earnedPerCall }),
  'earned per success': publishedClient({ ...unlimitedAttempts, budget: () => ({ budget: hisBucket() }) }),
  standard,
} satisfies Record<string, Configuration>;

/** @param share of the attempts that fail */
export const scenarioOf = (share: number, clients = CLIENTS): Scenario => ({
  name: `a share of ${share} fails`,
  description: 'Each attempt fails with the same probability, independently of all others.',
  servers: [{ name: 'server', workers: 1_000_000, service: constant(0) }],
  network: { delay: exponential(10) },
  load: { clients, rates: [{ fromMs: 0, perS: 10 * clients }] },
  faults: [{ kind: 'error', share, fromMs: 0, toMs: LENGTH_MS * 10 }],
  trigger: { fromMs: 0, toMs: LENGTH_MS },
  lengthMs: LENGTH_MS,
});

/**
 * Calls per request that the bucket can pay for, where failures are so many that it is always empty in the end: one, what is earned,
 * and what it held at first, of which the last token cannot be spent.
 */
function arithmetic(share: number, earnedPer: 'call' | 'success'): number {
  const callsPerClient = (10 * LENGTH_MS) / 1_000;
  const held = (TOKENS - 1) / callsPerClient;
  return earnedPer === 'call' ? 1 + EARNED + held : (1 + held) / (1 - EARNED * (1 - share));
}

/** Below it, the bucket pays for every retry. */
const EMPTY_FROM = 0.2;

export const bucket: Anchor = {
  name: 'bucket',
  title: 'A token bucket for retries, as coded and as written',
  sources: [
    {
      authors: 'M. Brooker',
      title: 'Fixing retries with token buckets and circuit breakers',
      year: 2022,
      url: 'https://brooker.co.za/blog/2022/02/28/retries.html',
    },
  ],
  method: [
    'A hundred clients make ten calls a second each for ten seconds; each attempt fails with probability f. Each client has a bucket of five tokens, full at first; a retry costs one. The retries are our `retry`, the bucket is a `RetryBudget`.',
    'The text says that a call drops a tenth of a token into the bucket *if it succeeds*. The code (`Call.start`) drops it for *each call that begins*. Both are simulated here. The post shows graphs without digits. A figure holds if it agrees with his code, run here, within 1 %, or within the 99 % interval. "Arithmetic" is what the bucket can pay for: 1 + 0.1 + 400 / 10,000 per call, and 1.04 / (1 − 0.1 (1 − f)) per success.',
  ],
  ownCode:
    '[mbrooker/simulator_example](https://github.com/mbrooker/simulator_example) (BSD-2-Clause), commit bbfe394, `retry_sim`: `sim_loop` with 100 `Client`s of `AdaptiveRetryFactory(0.1, 5)` and 10 calls a second for 10 s, the mean of the seeds 0 to 19; and the same with the line `self.retry_strategy.start()` moved from `Call.start` to `Call.done_success`.',
  seeds: 3,
  variants: RATES.length * Object.keys(CLIENT_KINDS).length,
  async run(replicate) {
    const claims: Claim[] = [];
    const points: { kind: string; share: number; calls: number }[] = [];
    for (const [kind, configuration] of Object.entries(CLIENT_KINDS)) {
      for (const share of RATES) {
        // oxlint-disable-next-line no-await-in-loop -- one processor
        const runs = await replicate(async (seed, options) => {
          const { during } = await runScenario(configuration, scenarioOf(share), seed, options);
          return during;
        });
        const calls = meanOf(runs.map(({ requestsPerCall }) => requestsPerCall));
        const success = meanOf(runs.map((during) => during.success));
        if (calls.runs > 0) points.push({ kind, share, calls: calls.value });
        claims.push(claimOf(kind, share, calls, success));
      }
    }
    return { claims, findings: FINDINGS, picture: points.length === 0 ? null : pictureOf(points) };
  },
};

function claimOf(kind: string, share: number, calls: Measured, success: Measured): Claim {
  const theirs = THEIRS[kind as keyof typeof THEIRS]?.[share];
  const perWhat = kind === 'earned per call' ? 'call' : 'success';
  return {
    what: `${kind}, f = ${share}: calls per request; success`,
    published:
      theirs === undefined
        ? '–'
        : share < EMPTY_FROM
          ? 'graph'
          : `graph; arithmetic ${arithmetic(share, perWhat).toFixed(3)}`,
    ...(theirs === undefined ? {} : { theirs: `${theirs.calls.toFixed(3)}; ${theirs.success.toFixed(3)}` }),
    ours: calls.runs === 0 ? '–' : `${withInterval(calls, fixed(3))}; ${success.value.toFixed(3)}`,
    measured: calls,
    holds:
      theirs === undefined || calls.runs === 0
        ? null
        : agrees(calls, theirs.calls, 0.01) === true && agrees(success, theirs.success, 0.01) === true,
  };
}

const FINDINGS = [
  'The code and the text differ, and we found no mention of it anywhere. With f = 0.75, a bucket that earns per call lets 1.14 calls per request through, one that earns per success 1.07. The difference matters most when nothing succeeds: a bucket that earns per call goes on paying a tenth, and one that earns per success pays nothing. At 280 of 300 requests a second ([metastable](#metastable)), that tenth is more than the server has left. Ours earns per success, as the text says.',
];

function pictureOf(points: readonly { readonly kind: string; readonly share: number; readonly calls: number }[]) {
  const shares = Array.from({ length: 81 }, (_, index) => 0.15 + index / 100).filter((share) => share <= 0.8);
  const line = (per: 'call' | 'success') => shares.map((share) => ({ x: share, y: arithmetic(share, per) }));
  const of = (kind: string) =>
    points.filter((point) => point.kind === kind).map(({ share, calls }) => ({ x: share, y: calls }));
  const alt =
    'Calls per request by the share of attempts that fail. A bucket that earns for each call stays at 1.14; one that earns for each success falls to 1.07 at three failures in four. The simulation lies on the lines of the arithmetic.';
  return {
    svg: linesPicture({
      id: 'bucket',
      title: 'What a retry bucket lets through',
      description: alt,
      x: { label: 'share of attempts that fail' },
      y: { label: 'calls per request', domain: [1, 1.2] },
      series: [
        { name: 'a token for each call (as coded), arithmetic', points: line('call'), colour: 'var(--second)' },
        {
          name: 'a token for each success (as written), arithmetic',
          points: line('success'),
          colour: 'var(--first)',
          dash: '6 3',
        },
        { name: 'simulated, as coded', points: of('earned per call'), colour: 'var(--second)', dots: 'circle' },
        { name: 'simulated, as written', points: of('earned per success'), colour: 'var(--first)', dots: 'square' },
      ],
    }),
    alt,
  };
}
