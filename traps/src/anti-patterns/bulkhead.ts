import {
  type Call,
  type CallContext,
  compose,
  createBulkhead,
  createRetryBudget,
  deadline,
  type Policy,
} from '@halfopen/client';
import { remoteError, taking, testContext } from '@halfopen/testing';
import CircuitBreaker from 'opossum';
import type { Measurement } from '../measurement.ts';
import { defaultBreaker } from '../stage/breaker.ts';
import { createGauge, endOf, pause, percent, timed } from '../stage/observe.ts';
import { onVirtualTime, openLoop } from '../stage/on-virtual-time.ts';
import { threeAttempts } from '../stage/shop.ts';

const bulkhead = (maxInFlight: number, maxQueued: number) => createBulkhead({ maxInFlight, maxQueued }).policy;

const PLACES = 2;

/** Two calls every 100 ms to work that takes a second and ignores aborts. @returns the most work at once */
async function stubbornAtOnce(call: (work: () => Promise<void>) => Promise<unknown>) {
  const gauge = createGauge();
  const work = () => gauge.during(() => pause(1_000));
  const calls: Promise<unknown>[] = [];
  for (let n = 0; n < 20; n++) {
    calls.push(endOf(call(work)), endOf(call(work)));
    await pause(100);
  }
  await Promise.all(calls);
  return { amount: gauge.most };
}

const CROWD = 50;
const AFTER = 100;

/** A crowd at a healthy dependency with one place, then calls one after another. @returns how many of the latter are refused */
async function refusedAfterCrowd(call: () => Promise<unknown>) {
  await Promise.all(Array.from({ length: CROWD }, () => endOf(call())));
  let refused = 0;
  for (let n = 0; n < AFTER; n++) if ((await endOf(call())) !== 'answer') refused++;
  return { amount: refused };
}

const healthy = () => taking(10, 'answer')(testContext());

const CALLERS = 32;
const LIMIT_MS = 50;
const DEAF_MS = 400;

/** A crowd queues for two places; the work ignores aborts. */
const queuedCrowd = (order: (limit: Policy, places: Policy) => readonly [Policy, Policy]) =>
  onVirtualTime(async () => {
    const gauge = createGauge();
    const limit = deadline({ timeoutMs: LIMIT_MS });
    const call = compose(...order(limit, bulkhead(PLACES, CALLERS)))(() => gauge.during(() => pause(DEAF_MS)));
    const answers = await Promise.all(Array.from({ length: CALLERS }, () => timed(() => call(testContext()))));
    return { most: gauge.most, slowestMs: Math.max(...answers.map(({ amount }) => amount)) };
  });
const ourOrder = (limit: Policy, places: Policy) => [limit, places] as const;
const swapped = (limit: Policy, places: Policy) => [places, limit] as const;

const RETRYING = 50;

/** Callers of a failing downstream arrive one by one and back off between attempts. @returns the most callers in progress at once */
const aliveAtOnce = (order: (retries: Policy, places: Policy) => readonly [Policy, Policy]) =>
  onVirtualTime(async () => {
    const failing: Call<never> = async () => {
      await pause(5);
      throw remoteError(503);
    };
    const budget = createRetryBudget({ ratio: 0.1, capacity: 2 * RETRYING, initial: 2 * RETRYING });
    const call = compose(...order(threeAttempts({ baseMs: 1_000, budget }), bulkhead(PLACES, 1)))(failing);
    let alive = 0;
    let most = 0;
    // Sampled between arrivals, so that a caller who is refused at once does not count.
    const look = setInterval(() => {
      most = Math.max(most, alive);
    }, 1);
    const callers = Array.from({ length: RETRYING }, async (_, n) => {
      await pause(n * 10);
      alive++;
      await endOf(call(testContext()));
      alive--;
    });
    await Promise.all(callers);
    clearInterval(look);
    return { amount: most };
  });

const WAITS_MS = 2_000;
const BUSY = { places: 16, workMs: 100, load: { ratePerS: 320, seconds: 10 } };

/** Twice as many calls as its places can serve. */
const crowded = (maxQueued: number) =>
  onVirtualTime(async () => {
    const limit = deadline({ timeoutMs: WAITS_MS });
    const places = bulkhead(BUSY.places, maxQueued);
    const call = compose(limit, places)((ctx: CallContext) => taking(BUSY.workMs, 'answer')(ctx));
    const ends = await openLoop(BUSY.load, () => timed(() => call(testContext())));
    const failed = ends.filter(({ ended }) => ended !== 'answer').map(({ amount }) => amount);
    return {
      answeredPercent: percent(ends, ({ ended }) => ended === 'answer'),
      untilRefusedMs: failed.toSorted((a, b) => a - b)[Math.floor(failed.length / 2)] ?? 0,
    };
  });
const LONG = 10_000;
const SHORT = BUSY.places / 2;
const crowdedDone = `${BUSY.places} places, ${BUSY.workMs} ms of work per call, twice the capacity for ${BUSY.load.seconds} s, a deadline of ${WAITS_MS.toLocaleString('en')} ms; a queue of ${LONG.toLocaleString('en')} (ours: ${SHORT})`;

export const BULKHEAD: readonly Measurement[] = [
  {
    id: 'opossum-capacity',
    antiPattern: 'A place freed by the timeout',
    done: `\`capacity: ${PLACES}\`, \`timeout: 100\`, two calls every 100 ms to work that takes 1,000 ms and ignores aborts: most at once`,
    stage: 'simulated',
    library: 'opossum',
    say: (actions) => `${actions} at once`,
    naive: () =>
      onVirtualTime(async () => {
        const breaker = new CircuitBreaker((work: () => Promise<void>) => work(), {
          timeout: 100,
          capacity: PLACES,
          volumeThreshold: 1_000,
        });
        const figure = await stubbornAtOnce((work) => breaker.fire(work));
        breaker.shutdown();
        return figure;
      }),
    ours: () =>
      onVirtualTime(() => {
        const policy = compose(deadline({ timeoutMs: 100 }), bulkhead(PLACES, 0));
        return stubbornAtOnce((work) => policy(work)(testContext()));
      }),
    shows: (naive, ours) => naive.amount >= 5 * PLACES && ours.amount === PLACES,
  },
  {
    id: 'bulkhead-outside-deadline-at-once',
    antiPattern: 'The bulkhead outside of the deadline, or retry outside of the bulkhead',
    done: `${PLACES} places, ${CALLERS} calls, a deadline of ${LIMIT_MS} ms, ${DEAF_MS} ms of work that ignores aborts; naive: bulkhead ▸ deadline: most at once`,
    stage: 'simulated',
    library: undefined,
    say: (calls) => `${calls} at once`,
    naive: async () => ({ amount: (await queuedCrowd(swapped)).most }),
    ours: async () => ({ amount: (await queuedCrowd(ourOrder)).most }),
    shows: (naive, ours) => naive.amount > PLACES && ours.amount === PLACES,
  },
  {
    id: 'bulkhead-outside-deadline-slowest',
    antiPattern: 'The bulkhead outside of the deadline, or retry outside of the bulkhead',
    done: 'the same: slowest answer',
    stage: 'simulated',
    library: undefined,
    say: (ms) => `${ms} ms`,
    naive: async () => ({ amount: (await queuedCrowd(swapped)).slowestMs }),
    ours: async () => ({ amount: (await queuedCrowd(ourOrder)).slowestMs }),
    shows: (naive, ours) => naive.amount > 4 * LIMIT_MS && ours.amount <= LIMIT_MS,
  },
  {
    id: 'retry-outside-bulkhead',
    antiPattern: 'The bulkhead outside of the deadline, or retry outside of the bulkhead',
    done: `${PLACES} places and a queue of 1, ${RETRYING} callers of a failing downstream, one every 10 ms; naive: retry ▸ bulkhead: most callers in progress at once`,
    stage: 'simulated',
    library: undefined,
    say: (callers) => `${callers} at once`,
    naive: () => aliveAtOnce((retries, places) => [retries, places]),
    ours: () => aliveAtOnce((retries, places) => [places, retries]),
    shows: (naive, ours) => naive.amount > 5 * ours.amount,
  },
  {
    id: 'opossum-own-refusals',
    antiPattern: 'A refusal of ours counted as a failure of theirs',
    done: `\`capacity: 1\`, ${CROWD} calls at once to a healthy dependency, then ${AFTER} one after another: refused calls among the latter`,
    stage: 'simulated',
    library: 'opossum',
    say: (calls) => `${calls} of ${AFTER}`,
    naive: () =>
      onVirtualTime(async () => {
        const breaker = new CircuitBreaker(healthy, { capacity: 1, timeout: false, volumeThreshold: 20 });
        const figure = await refusedAfterCrowd(() => breaker.fire());
        breaker.shutdown();
        return figure;
      }),
    ours: () =>
      onVirtualTime(async () => {
        const breaker = defaultBreaker();
        const call = compose(bulkhead(1, 0), breaker.policy)(healthy);
        const figure = await refusedAfterCrowd(() => call(testContext()));
        breaker.close();
        return figure;
      }),
    shows: (naive, ours) => naive.amount > AFTER / 2 && ours.amount === 0,
  },
  {
    id: 'long-queue-refusal',
    antiPattern: 'A long queue',
    done: `${crowdedDone}: median time until an unanswered call failed`,
    stage: 'simulated',
    library: undefined,
    say: (ms) => `${ms} ms`,
    naive: async () => ({ amount: (await crowded(LONG)).untilRefusedMs }),
    ours: async () => ({ amount: (await crowded(SHORT)).untilRefusedMs }),
    shows: (naive, ours) => naive.amount >= WAITS_MS && ours.amount < WAITS_MS / 10,
  },
  {
    id: 'long-queue-answered',
    antiPattern: 'A long queue',
    done: 'the same: answered calls (at most half can be)',
    stage: 'simulated',
    library: undefined,
    say: (share) => `${share} %`,
    naive: async () => ({ amount: (await crowded(LONG)).answeredPercent }),
    ours: async () => ({ amount: (await crowded(SHORT)).answeredPercent }),
    shows: (naive, ours) => naive.amount < ours.amount,
  },
];
