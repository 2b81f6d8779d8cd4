import { type Call, callContext, hedge, none, type Policy } from '@halfopen/client';
import {
  bimodal,
  constant,
  createWorld,
  none as noPolicies,
  poissonArrivals,
  type RunOptions,
  runScenario,
  type Scenario,
  survival,
  unlimitedRetries,
  type World,
} from '@halfopen/simulator';
import type { Anchor, Claim } from '../anchor.ts';
import { agrees, fixed, type Measured, meanOf, withInterval } from '../measured.ts';

/** A request that asks a hundred servers, each of which takes a second once in a hundred times. */
const FAN_OUT: Scenario = {
  name: 'fan-out',
  description: 'Each request asks a hundred servers and waits for all of them.',
  servers: [{ name: 'leaves', workers: 1_000_000, service: bimodal(constant(10), constant(1_000), 0.01) }],
  network: { delay: constant(0) },
  load: { fanOut: 100, rates: [{ fromMs: 0, perS: 10 }] },
  trigger: { fromMs: 0, toMs: 50_000 },
  lengthMs: 50_000,
};

/** @returns the share of requests with a part that takes a second. Between that and 10 ms there is nothing */
export async function slowShare(seed: number, options: RunOptions = {}, lengthMs = FAN_OUT.lengthMs): Promise<number> {
  const { journal } = await runScenario(noPolicies, { ...FAN_OUT, lengthMs }, seed, options);
  return journal.tookMs.filter((ms) => ms > 500).length / journal.length;
}

/**
 * How long a read takes: at least so many milliseconds, with this probability. The paper does not say; these points follow from its
 * figures if reads are independent of each other.
 */
const READS = [
  [1, 1],
  [5, 0.05],
  [10, 0.02],
  [69, 0.001],
  [1_800, 1e-6],
  [18_000, 1e-9],
] as const;

const READ = survival(READS);

const READS_PER_S = 200;
const READS_MS = 100_000;

/** Reads one by one, as a client makes them that knows nothing of the law. */
export async function reads(policyOf: (world: World) => Policy, seed: number, options: RunOptions = {}) {
  const world = createWorld(seed);
  const random = world.random('server', 'reads');
  let sent = 0;
  const read: Call<void> = ({ signal }) =>
    new Promise((resolve, reject) => {
      sent++;
      const cancel = world.clock.after(READ(random), resolve);
      signal.addEventListener(
        'abort',
        () => {
          cancel();
          reject(signal.reason);
        },
        { once: true },
      );
    });
  const call = policyOf(world)(read);
  const took: number[] = [];
  const rates = [{ fromMs: 0, perS: READS_PER_S }];
  for (const atMs of poissonArrivals(world.random('callers', 'arrivals'), rates, READS_MS)) {
    world.at(atMs, () => {
      call(callContext({ safety: 'safe' })).then(
        () => took.push(world.nowMs - atMs),
        (error: unknown) => world.fail(error),
      );
    });
  }
  await world.run(READS_MS + 60_000, options);
  const sorted = took.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
  return { readsPerCall: sent / took.length, p99Ms: at(0.99), p999Ms: at(0.999) };
}

/** Hedges after the 95th percentile that it has seen. */
export const hedged = ({ clock }: World): Policy => hedge({ budget: unlimitedRetries, clock });

export const tail: Anchor = {
  name: 'tail',
  title: 'The tail at scale',
  sources: [
    {
      authors: 'J. Dean, L. A. Barroso',
      title: 'The Tail at Scale (Communications of the ACM 56, 2)',
      year: 2013,
      url: 'https://cacm.acm.org/research/the-tail-at-scale/',
    },
  ],
  method: [
    'Fan-out: a hundred servers, each slow once in a hundred times. The share of slow requests is 1 − 0.99¹⁰⁰; the simulation must find it within its 99 % interval.',
    'Hedging: the article’s advice is to send a second request after the 95th percentile, which adds about 5 % of load and shortens the tail substantially. The policy is our `hedge`, which knows nothing but the last 128 reads, at 200 reads a second. It holds if it adds 4 to 7 %, and if p99.9 falls to less than a half.',
    'The BigTable benchmark (1,000 keys of 100 servers; a second request after 10 ms takes p99.9 from 1,800 to 74 ms for 2 % more requests) cannot be reproduced from the article: it does not say how long a read takes. The reads here are distributed so that they fit these figures; so agreement with them would prove nothing, and we claim none. There is no code of the authors.',
  ],
  seeds: 4,
  variants: 3,
  async run(replicate) {
    const slow = meanOf(await replicate((seed, options) => slowShare(seed, options)));
    const bare = await replicate((seed, options) => reads(() => none, seed, options));
    const ours = await replicate((seed, options) => reads(hedged, seed, options));
    const of = (runs: readonly Awaited<ReturnType<typeof reads>>[], key: keyof Awaited<ReturnType<typeof reads>>) =>
      meanOf(runs.map((run) => run[key]));
    const [added, before, after] = [of(ours, 'readsPerCall'), of(bare, 'p999Ms'), of(ours, 'p999Ms')];
    const text = (measured: Measured, digits: number, unit = '') => withInterval(measured, fixed(digits), unit);
    const claims: Claim[] = [
      {
        what: 'requests of a hundred parts that are slow, with 1 % of slow parts',
        published: '63 %',
        ours: text(slow, 3),
        measured: slow,
        holds: agrees(slow, 1 - 0.99 ** 100, 0.01),
      },
      {
        what: 'reads per call, hedged after the 95th percentile',
        published: 'about 1.05',
        ours: text(added, 3),
        measured: added,
        holds: added.runs === 0 ? null : added.value > 1.04 && added.value < 1.07,
      },
      {
        what: 'p99.9 of a read, hedged, by that of a bare one',
        published: 'shorter "substantially"',
        ours: after.runs === 0 || before.runs === 0 ? '–' : `${text(before, 0, 'ms')} becomes ${text(after, 1, 'ms')}`,
        measured: { ...after, value: after.value / before.value },
        holds: after.runs === 0 || before.runs === 0 ? null : after.value < before.value / 2,
      },
    ];
    return {
      claims,
      findings: [
        'Inside a fan-out, what our `hedge` takes for usual are the last 128 answers, and those are the slowest of the request before. So it hedges later than at the 95th percentile, and less. That is a limit of ours, and not the article’s.',
      ],
    };
  },
};
