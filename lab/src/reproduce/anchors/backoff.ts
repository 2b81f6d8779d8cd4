import { type Call, CallError, callContext, type Random, retry } from '@halfopen/client';
import { createWorld, foldedNormal, type RunOptions, unlimitedRetries } from '@halfopen/simulator';
import type { Anchor, Claim } from '../anchor.ts';
import { agrees, allHold, exactly, fixed, type Measured, meanOf, whole, withInterval } from '../measured.ts';

const CLIENTS = 100;
const CAP_MS = 2_000;
const BASE_MS = 5;
const NET = foldedNormal(10, 2);

interface Backoff {
  /** What `random() · min(cap, base · 2^retry)` must be given to become this back-off. */
  readonly draw: (uniform: Random) => Random;
  /** The draw is the whole wait, in milliseconds. */
  readonly isWholeWait?: true;
  /** What the source's own code gives: the mean of three runs of 100 repeats. */
  readonly theirs: { readonly calls: number; readonly ms: number };
}

export const BACKOFFS = {
  none: { draw: () => () => 0, theirs: { calls: 2_423, ms: 2_027 } },
  exponential: { draw: () => () => 1, theirs: { calls: 1_860, ms: 63_527 } },
  'equal jitter': { draw: (uniform) => () => 0.5 + uniform() / 2, theirs: { calls: 811, ms: 6_644 } },
  'full jitter': { draw: (uniform) => uniform, theirs: { calls: 796, ms: 4_921 } },
  decorrelated: {
    draw: (uniform) => {
      let waitMs = BASE_MS;
      return () => {
        waitMs = Math.min(CAP_MS, BASE_MS + uniform() * (waitMs * 3 - BASE_MS));
        return waitMs;
      };
    },
    isWholeWait: true,
    theirs: { calls: 1_001, ms: 4_547 },
  },
} satisfies Record<string, Backoff>;

/** A hundred clients update one row, each once, and each again when another was faster. */
export async function contend(backoff: Backoff, seed: number, options: RunOptions = {}) {
  const world = createWorld(seed);
  const { clock } = world;
  const net = world.random('network', 'delays');
  let [version, calls, lastMs] = [0, 0, 0];
  const hop = () =>
    new Promise<void>((resolve) => {
      clock.after(NET(net), resolve);
    });
  const update: Call<void> = async () => {
    await hop();
    const seen = version;
    await hop();
    await hop();
    calls++;
    const isFirst = seen === version;
    if (isFirst) version++;
    await hop();
    lastMs = world.nowMs;
    if (!isFirst) throw new CallError('remote_error', 'another was faster', { sent: 'answered', status: 503 });
  };
  const updates = Array.from({ length: CLIENTS }, (_, client) => {
    const policy = retry({
      attempts: Number.POSITIVE_INFINITY,
      // The first back-off of the source is that after one failure, 2¹ · base.
      baseMs: backoff.isWholeWait ? 1 : 2 * BASE_MS,
      capMs: backoff.isWholeWait ? 1 : CAP_MS,
      budget: unlimitedRetries,
      clock,
      random: backoff.draw(world.random(`client ${client}`, 'back-off')),
    });
    return policy(update)(callContext({ safety: 'idempotent' }));
  });
  if (await world.run(Number.POSITIVE_INFINITY, options)) await Promise.all(updates);
  return { calls, ms: lastMs };
}

export const backoff: Anchor = {
  name: 'backoff',
  title: 'Exponential backoff and jitter',
  sources: [
    {
      authors: 'M. Brooker',
      title: 'Exponential Backoff And Jitter',
      year: 2015,
      url: 'https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/',
    },
  ],
  method: [
    'A hundred clients contend for one row under optimistic concurrency control; each updates it once. The network takes |N(10, 2)| ms each way, the base is 5 ms, the cap 2,000 ms. The retries are our `retry`, with `random` replaced: it draws `random() · min(cap, base · 2ⁿ)`, so `() => 1` is exponential back-off, `() => 0.5 + u() / 2` equal jitter, and a uniform number is full jitter, the default.',
    'The post shows graphs and draws conclusions in words. A figure holds if it agrees with his code within 3 %, or within the 99 % interval.',
  ],
  ownCode:
    '[aws-samples/aws-arch-backoff-simulator](https://github.com/aws-samples/aws-arch-backoff-simulator) (Apache-2.0), commit 66cb169, with `xrange` replaced for Python 3; the mean of three runs of its 100 repeats: `sed s/xrange/range/ src/backoff_simulator.py | python3 - && grep ^100, backoff_results.csv`.',
  seeds: 50,
  variants: Object.keys(BACKOFFS).length,
  async run(replicate) {
    const calls = new Map<string, Measured>();
    const took = new Map<string, Measured>();
    const figures: Claim[] = [];
    for (const [name, one] of Object.entries<Backoff>(BACKOFFS)) {
      // oxlint-disable-next-line no-await-in-loop -- one processor
      const runs = await replicate((seed, options) => contend(one, seed, options));
      for (const [unit, key, all] of [
        ['calls', 'calls', calls],
        ['ms until all are done', 'ms', took],
      ] as const) {
        const measured = meanOf(runs.map((run) => run[key]));
        all.set(name, measured);
        figures.push({
          what: `${name}: ${unit}`,
          published: 'graph',
          theirs: whole(one.theirs[key]),
          ours: withInterval(measured, whole),
          measured,
          holds: agrees(measured, one.theirs[key], 0.03),
        });
      }
    }
    const ratio = (all: ReadonlyMap<string, Measured>, a: keyof typeof BACKOFFS, b: keyof typeof BACKOFFS) => {
      const [one, other] = [all.get(a), all.get(b)] as [Measured, Measured];
      return { value: one.value / other.value, of: [one, other] };
    };
    const conclusion = (
      what: string,
      published: string,
      parts: readonly { readonly value: number; readonly of: readonly Measured[] }[],
      condition: () => boolean,
    ): Claim => ({
      what,
      published,
      ours: parts.map(({ value }) => (Number.isNaN(value) ? '–' : fixed(2)(value))).join(' and '),
      measured: {
        ...exactly((parts[0] as { value: number }).value),
        runs: Math.min(...parts.flatMap(({ of }) => of.map(({ runs }) => runs))),
      },
      holds: allHold(
        parts.flatMap(({ of }) => of),
        condition,
      ),
    });
    const jitter = ratio(calls, 'full jitter', 'exponential');
    const equalCalls = ratio(calls, 'equal jitter', 'full jitter');
    const equalTime = ratio(took, 'equal jitter', 'full jitter');
    const decorrelatedCalls = ratio(calls, 'decorrelated', 'full jitter');
    const decorrelatedTime = ratio(took, 'decorrelated', 'full jitter');
    return {
      claims: [
        conclusion(
          'calls with full jitter, per call with exponential back-off alone',
          'jitter more than halves the calls',
          [jitter],
          () => jitter.value < 0.5,
        ),
        conclusion(
          'equal jitter: calls and time, as multiples of full jitter',
          'slightly more work, much longer',
          [equalCalls, equalTime],
          () => equalCalls.value > 1 && equalCalls.value < 1.1 && equalTime.value > 1.2,
        ),
        conclusion(
          'decorrelated jitter: calls and time, as multiples of full jitter',
          'more work, slightly less time',
          [decorrelatedCalls, decorrelatedTime],
          () => decorrelatedCalls.value > 1 && decorrelatedTime.value < 1 && decorrelatedTime.value > 0.8,
        ),
        ...figures,
      ],
      findings: [],
    };
  },
};
