import { type CallContext, CallError, coalesce, compose, DEFAULTS } from '@halfopen/client';
import { taking, testContext, unreachable } from '@halfopen/testing';
import axios from 'axios';
import axiosRetry from 'axios-retry';
import CircuitBreaker from 'opossum';
import type { Figure, Measurement } from '../measurement.ts';
import { callsUntilOpen, defaultBreaker } from '../stage/breaker.ts';
import { endOf, pause } from '../stage/observe.ts';
import { withShop, withStandIn } from '../stage/on-sockets.ts';
import { onVirtualTime } from '../stage/on-virtual-time.ts';
import { threeAttempts } from '../stage/shop.ts';

const answer = () => Promise.resolve('answer');
const refused = () => Promise.reject(unreachable());
const notFound = () => Promise.reject(new CallError('remote_refused', 'status 404', { status: 404, sent: 'answered' }));

type Act = () => Promise<unknown>;

/** A breaker around any call. */
interface Guarded {
  readonly call: (act: Act) => Promise<unknown>;
  readonly isOpen: () => boolean;
}

const throughOpossum = <T>(options: CircuitBreaker.Options, use: (guarded: Guarded) => Promise<T>) =>
  onVirtualTime(async () => {
    const breaker = new CircuitBreaker((act: Act) => act(), options);
    const result = await use({ call: (act) => breaker.fire(act), isOpen: () => breaker.opened });
    breaker.shutdown();
    return result;
  });

const throughOurs = <T>(use: (guarded: Guarded) => Promise<T>, slowShare: number = DEFAULTS.breakerSlowShare) =>
  onVirtualTime(async () => {
    const breaker = defaultBreaker({ slowShare });
    const call = (act: Act) => breaker.policy(act)(testContext());
    const result = await use({ call, isOpen: () => breaker.state === 'open' });
    breaker.close();
    return result;
  });

/** opossum configured with care: the minimum of calls is our default, and its timeout is off. */
const SET = { timeout: false, volumeThreshold: DEFAULTS.breakerMinimumCalls } as const;

const MINIMUM = 10;
const MOST_CALLS = 100;

/** How many requests a server that always answers 503 gets until the breaker opens. */
async function requestsUntilOpen(call: (url: string) => Promise<unknown>, isOpen: () => boolean): Promise<Figure> {
  let requests = 0;
  const { ended } = await withStandIn(
    (_req, res) => {
      requests++;
      res.writeHead(503).end();
    },
    (url) => callsUntilOpen(MOST_CALLS, () => call(url), isOpen),
  );
  return { amount: requests, ended: ended ?? '' };
}

const CROWD = 500;

/** Starts calls at once, which fail one after another. @returns the number of the failure that opened the breaker */
async function failuresUntilOpen({ call, isOpen }: Guarded): Promise<Figure> {
  let openedBy = 0;
  const fail = (n: number) => async () => {
    await pause(n);
    throw unreachable();
  };
  const crowd = Array.from({ length: CROWD }, async (_, n) => {
    await endOf(call(fail(n + 1)));
    if (openedBy === 0 && isOpen()) openedBy = n + 1;
  });
  await Promise.all(crowd);
  return { amount: openedBy };
}

const FROM_CACHE = 1_000;
const FAILURES = 900;

/** Consecutive failures until the breaker opens. */
const failuresAfterCache = (call: (input: number) => Promise<unknown>, isOpen: () => boolean) => {
  let input = 0;
  return callsUntilOpen(FAILURES, () => call(++input), isOpen);
};
const cached = async (input: number) => {
  if (input > 0) throw unreachable();
  return 'answer';
};

const PROBED_S = 60;

/** Opens the breaker; then its probe hangs, and a healthy call comes every 100 ms. @returns how many of those are refused */
async function refusedByHungProbe({ call, isOpen }: Guarded): Promise<Figure> {
  await callsUntilOpen(MOST_CALLS, () => call(refused), isOpen);
  while (isOpen()) await pause(10);
  call(() => new Promise(() => undefined)).catch(() => undefined);
  let lost = 0;
  for (let n = 0; n < PROBED_S * 10; n++) {
    if ((await endOf(call(answer))) !== 'answer') lost++;
    await pause(100);
  }
  return { amount: lost };
}

/** Opens the breaker and closes it with a good probe. @returns the failures until it opens again */
async function failuresAfterClose({ call, isOpen }: Guarded): Promise<Figure> {
  await callsUntilOpen(MOST_CALLS, () => call(refused), isOpen);
  while (isOpen()) await pause(10);
  await call(answer);
  return callsUntilOpen(MOST_CALLS, () => call(refused), isOpen);
}

const SAMPLES = 100_000;

/** How many milliseconds one failure blocks the event loop while the window holds many successes; the least of ten. */
async function costOfFailure({ call }: Guarded): Promise<Figure> {
  for (let n = 0; n < SAMPLES; n++) await call(answer);
  let least = Number.POSITIVE_INFINITY;
  for (let n = 0; n < 10; n++) {
    const startedAt = process.hrtime.bigint();
    await call(refused).catch(() => undefined);
    least = Math.min(least, Number(process.hrtime.bigint() - startedAt) / 1e6);
  }
  return { amount: least };
}

const SLOW_MS = 450;
const SLOW_CALLS = 200;

/** A slow downstream that answers every call. @returns how many callers the breaker refuses */
async function refusedForSlowness({ call }: Guarded): Promise<Figure> {
  const slow = () => taking(SLOW_MS, 'answer')(testContext());
  const callers = Array.from({ length: SLOW_CALLS }, async (_, n) => {
    await pause(n * 100);
    return endOf(call(slow));
  });
  const ends = await Promise.all(callers);
  return { amount: ends.filter((end) => end !== 'answer').length };
}

export const BREAKER: readonly Measurement[] = [
  {
    id: 'opossum-around-axios-retry',
    antiPattern: 'Retry inside of the breaker',
    done: `opossum around axios-retry, 4 attempts, a minimum of ${MINIMUM} calls, a server that answers 503: requests until it opened`,
    stage: 'sockets',
    library: 'opossum',
    say: (requests) => `${requests} requests`,
    naive: async () => {
      const http = axios.create();
      axiosRetry(http, { retries: 3 });
      const breaker = new CircuitBreaker((url: string) => http.get(url), { timeout: false, volumeThreshold: MINIMUM });
      const figure = await requestsUntilOpen(
        (url) => breaker.fire(url),
        () => breaker.opened,
      );
      breaker.shutdown();
      return figure;
    },
    ours: async () => {
      const breaker = defaultBreaker({ minimumCalls: MINIMUM });
      const policy = compose(threeAttempts({ attempts: 4, baseMs: 1 }), breaker.policy);
      const figure = await requestsUntilOpen(
        (url) => withShop(url, policy, (shop) => shop.find({})),
        () => breaker.state === 'open',
      );
      breaker.close();
      return figure;
    },
    shows: (naive, ours) => naive.amount === 4 * MINIMUM && ours.amount === MINIMUM,
  },
  {
    id: 'opossum-in-flight-denominator',
    antiPattern: 'Calls in flight in the denominator',
    done: `a minimum of ${SET.volumeThreshold} calls; ${CROWD} calls start at once and fail one after another: the failure that opened it`,
    stage: 'simulated',
    library: 'opossum',
    say: (failure) => `no. ${failure}`,
    naive: () => throughOpossum(SET, failuresUntilOpen),
    ours: () => throughOurs(failuresUntilOpen),
    shows: (naive, ours) => naive.amount > CROWD / 2 && ours.amount === SET.volumeThreshold,
  },
  {
    id: 'opossum-cache-denominator',
    antiPattern: 'Calls in flight in the denominator',
    done: `${FROM_CACHE.toLocaleString('en')} answers from its cache (ours: shared by coalesce), then ${FAILURES} failures: failures until it opened`,
    stage: 'simulated',
    library: 'opossum',
    say: (failures) => `${failures} failures`,
    naive: () =>
      onVirtualTime(async () => {
        const breaker = new CircuitBreaker(cached, { ...SET, cache: true });
        for (let n = 0; n < FROM_CACHE; n++) await breaker.fire(0);
        const figure = await failuresAfterCache(
          (input) => breaker.fire(input),
          () => breaker.opened,
        );
        breaker.shutdown();
        return figure;
      }),
    ours: () =>
      onVirtualTime(async () => {
        const breaker = defaultBreaker();
        const shared = coalesce({ keyOf: ({ input }) => String(input), timeoutMs: 2_000 });
        const call = compose(shared, breaker.policy)(({ input }: CallContext) => cached(Number(input)));
        await Promise.all(Array.from({ length: FROM_CACHE }, () => call(testContext({ input: 0 }))));
        const figure = await failuresAfterCache(
          (input) => call(testContext({ input })),
          () => breaker.state === 'open',
        );
        breaker.close();
        return figure;
      }),
    shows: (naive, ours) => naive.ended === 'still closed' && ours.ended === 'open',
  },
  {
    id: 'slow-taken-for-down',
    antiPattern: 'Slow taken for down',
    done: `a slow share of 0.8 (ours: ${DEFAULTS.breakerSlowShare}) of an attempt timeout of ${DEFAULTS.attemptTimeoutMs} ms; every answer takes ${SLOW_MS} ms; ${SLOW_CALLS} calls, 10 per second: refused calls`,
    stage: 'simulated',
    library: undefined,
    say: (calls) => `${calls} of ${SLOW_CALLS}`,
    naive: () => throughOurs(refusedForSlowness, 0.8),
    ours: () => throughOurs(refusedForSlowness),
    shows: (naive, ours) => naive.amount > SLOW_CALLS / 4 && ours.amount === 0,
  },
  {
    id: 'opossum-default-threshold',
    antiPattern: 'The default threshold',
    done: `default options, refused connections, ${MOST_CALLS} calls: failures until it opened`,
    stage: 'simulated',
    library: 'opossum',
    say: (failures) => failures,
    naive: () => throughOpossum({}, ({ call, isOpen }) => callsUntilOpen(MOST_CALLS, () => call(refused), isOpen)),
    ours: () => throughOurs(({ call, isOpen }) => callsUntilOpen(MOST_CALLS, () => call(refused), isOpen)),
    shows: (naive, ours) => naive.amount === 1 && ours.amount === DEFAULTS.breakerMinimumCalls,
  },
  {
    id: 'opossum-404',
    antiPattern: 'The default threshold',
    done: 'the same, but every answer is a 404',
    stage: 'simulated',
    library: 'opossum',
    say: (answers) => answers,
    naive: () => throughOpossum({}, ({ call, isOpen }) => callsUntilOpen(MOST_CALLS, () => call(notFound), isOpen)),
    ours: () => throughOurs(({ call, isOpen }) => callsUntilOpen(MOST_CALLS, () => call(notFound), isOpen)),
    shows: (naive, ours) => naive.amount === 1 && ours.ended === 'still closed',
  },
  {
    id: 'opossum-hung-probe',
    antiPattern: 'A probe without an end',
    done: `\`timeout: false\`, a probe that hangs, then a healthy call every 100 ms for ${PROBED_S} s: refused calls`,
    stage: 'simulated',
    library: 'opossum',
    say: (calls) => `${calls} of ${PROBED_S * 10}`,
    naive: () => throughOpossum({ ...SET, resetTimeout: DEFAULTS.breakerOpenMs }, refusedByHungProbe),
    ours: () => throughOurs(refusedByHungProbe),
    shows: (naive, ours) => naive.amount === PROBED_S * 10 && ours.amount < PROBED_S,
  },
  {
    id: 'opossum-window-outlives-close',
    antiPattern: 'Old failures after a close',
    done: 'opened by failures, closed by a good probe: failures until it opened again',
    stage: 'simulated',
    library: 'opossum',
    say: (failures) => failures,
    naive: () => throughOpossum({ ...SET, resetTimeout: DEFAULTS.breakerOpenMs }, failuresAfterClose),
    ours: () => throughOurs(failuresAfterClose),
    shows: (naive, ours) => naive.amount === 1 && ours.amount === DEFAULTS.breakerMinimumCalls,
  },
  {
    id: 'opossum-latency-statistic',
    antiPattern: 'A latency statistic on the way',
    done: `${SAMPLES.toLocaleString('en')} successes in the window: how long one more failure blocks the event loop, the least of 10`,
    stage: 'in process',
    library: 'opossum',
    say: (ms) => `${ms} ms`,
    digits: 2,
    rounds: 3,
    naive: async () => {
      const breaker = new CircuitBreaker((act: Act) => act(), SET);
      const figure = await costOfFailure({ call: (act) => breaker.fire(act), isOpen: () => breaker.opened });
      breaker.shutdown();
      return figure;
    },
    ours: async () => {
      const breaker = defaultBreaker();
      const call = (act: Act) => breaker.policy(act)(testContext());
      const figure = await costOfFailure({ call, isOpen: () => breaker.state === 'open' });
      breaker.close();
      return figure;
    },
    shows: (naive, ours) => naive.amount > 20 * ours.amount,
  },
];
