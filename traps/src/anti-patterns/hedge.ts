import {
  type Call,
  type CallContext,
  compose,
  createRetryBudget,
  deadline,
  hedge,
  type Policy,
  type RetryBudget,
  sleep,
  systemClock,
} from '@halfopen/client';
import { chance, testContext } from '@halfopen/testing';
import type { Measurement } from '../measurement.ts';
import { endOf, pause, percent } from '../stage/observe.ts';
import { onVirtualTime, openLoop } from '../stage/on-virtual-time.ts';
import { createServer } from '../stage/queueing-server.ts';

const FIXED_MS = 60;
const LOAD = { ratePerS: 50, seconds: 60 };
const GOOD_MS = 20;
const BAD_MS = 80;

const withoutEnd: RetryBudget = {
  earn: () => undefined,
  spend: () => true,
  remaining: Number.POSITIVE_INFINITY,
  capacity: Number.POSITIVE_INFINITY,
};

/** The default settings of a service. Each success earns, as in the retry policy around it. */
function ours(): Policy {
  const budget = createRetryBudget();
  return compose(earning(budget), hedge({ budget }));
}

const earning =
  (budget: RetryBudget): Policy =>
  (next) =>
  async (ctx) => {
    const value = await next(ctx);
    budget.earn();
    return value;
  };

/** Starts a second attempt after a fixed time, without a budget, whether or not the operation may be repeated. */
const afterFixed =
  (afterMs: number): Policy =>
  <T>(next: Call<T>): Call<T> =>
  (ctx) =>
    new Promise<T>((resolve, reject) => {
      const controllers = [new AbortController()];
      let pending = 1;
      const settle = () => {
        cancel();
        ctx.signal.removeEventListener('abort', abortAll);
      };
      const abortAll = () => {
        for (const controller of controllers) controller.abort(ctx.signal.reason);
      };
      const begin = (controller: AbortController) =>
        next({ ...ctx, signal: controller.signal }).then(
          (value) => {
            settle();
            for (const one of controllers) if (one !== controller) one.abort();
            resolve(value);
          },
          (error: unknown) => {
            if (--pending > 0) return;
            settle();
            reject(error);
          },
        );
      const cancel = systemClock.after(afterMs, () => {
        const second = new AbortController();
        controllers.push(second);
        pending++;
        void begin(second);
      });
      ctx.signal.addEventListener('abort', abortAll, { once: true });
      void begin(controllers[0] as AbortController);
    });

/** A downstream whose answers take at least `usualMs`, sometimes several times that. Counts attempts and work. */
function createDownstream() {
  const random = chance(11);
  const seen = { usualMs: GOOD_MS, attempts: 0, workMs: 0 };
  const call: Call<string> = async ({ signal }: CallContext) => {
    seen.attempts++;
    const tookMs = seen.usualMs * (1 - 0.5 * Math.log(1 - random()));
    const startedAt = performance.now();
    try {
      await sleep(systemClock, tookMs, signal);
    } finally {
      seen.workMs += performance.now() - startedAt;
    }
    return 'answer';
  };
  return { call, seen };
}

/** A fast phase, from which the policy learns the usual latency, then a slow one. @returns attempts per call in the slow phase */
const badDay = (policy: Policy) =>
  onVirtualTime(async () => {
    const { call, seen } = createDownstream();
    const hedged = policy(call);
    await openLoop(LOAD, () => hedged(testContext()));
    seen.usualMs = BAD_MS;
    seen.attempts = 0;
    const calls = await openLoop(LOAD, () => hedged(testContext()));
    return { amount: seen.attempts / calls.length };
  });

/** @returns the downstream's work per call, in milliseconds */
const workOf = (policy: Policy) =>
  onVirtualTime(async () => {
    const { call, seen } = createDownstream();
    seen.usualMs = BAD_MS;
    const hedged = policy(call);
    const calls = await openLoop(LOAD, () => hedged(testContext()));
    await pause(20 * BAD_MS);
    return { amount: seen.workMs / calls.length };
  });

/** Hides aborts from the layers below. */
const deaf: Policy = (next) => (ctx) => next({ ...ctx, signal: new AbortController().signal });

const ORDERS = 1_000;

/** Orders one after another. @returns how many were started twice */
const ordersTwice = (policy: Policy) =>
  onVirtualTime(async () => {
    const { call, seen } = createDownstream();
    const hedged = policy(call);
    for (let n = 0; n < ORDERS; n++) await hedged(testContext({ operation: { name: 'order', safety: 'unsafe' } }));
    return { amount: seen.attempts - ORDERS };
  });

const SERVER = { places: 10, workMs: 20 };
const SERVED_S = 60;
const WAITS_MS = 500;
const STILL_MS = 500;

interface Day {
  readonly loadPercent: number;
  /** How long the server stalls, once. */
  readonly stillMs: number;
  readonly dropsAbandoned: boolean;
}

/** A server under a share of its capacity. @returns the percentage of calls without an answer in time */
const unanswered = (policy: Policy, { loadPercent, stillMs, dropsAbandoned }: Day) =>
  onVirtualTime(async () => {
    const server = createServer({ ...SERVER, dropsAbandoned });
    const call = compose(deadline({ timeoutMs: WAITS_MS }), policy)(server.call);
    void pause((SERVED_S * 1_000) / 3).then(() => server.standStill(stillMs));
    const ratePerS = ((loadPercent / 100) * SERVER.places * 1_000) / SERVER.workMs;
    const ends = await openLoop({ ratePerS, seconds: SERVED_S }, () => endOf(call(testContext())));
    return { amount: percent(ends, (end) => end !== 'answer') };
  });
const BUSY: Day = { loadPercent: 80, stillMs: 0, dropsAbandoned: false };
const STANDSTILL: Day = { loadPercent: 60, stillMs: STILL_MS, dropsAbandoned: false };
const unpaid = () => hedge({ budget: withoutEnd });

export const HEDGE: readonly Measurement[] = [
  {
    id: 'hedge-fixed-delay',
    antiPattern: 'A fixed delay',
    done: `a second attempt after ${FIXED_MS} ms, chosen when answers took at least ${GOOD_MS} ms; now they take at least ${BAD_MS} ms: attempts per call`,
    stage: 'simulated',
    library: undefined,
    say: (attempts) => attempts,
    digits: 2,
    naive: () => badDay(afterFixed(FIXED_MS)),
    ours: () => badDay(ours()),
    shows: (naive, good) => naive.amount > 1.9 && good.amount < 1.2,
  },
  {
    id: 'hedge-without-budget-busy',
    antiPattern: 'Without a budget',
    done: `a server at ${BUSY.loadPercent} % of its capacity that does not notice when a caller leaves, a deadline of ${WAITS_MS} ms, ${SERVED_S} s; naive: our policy with an unlimited budget: calls without an answer`,
    stage: 'simulated',
    library: undefined,
    say: (share) => `${share} %`,
    digits: 2,
    naive: () => unanswered(unpaid(), BUSY),
    ours: () => unanswered(ours(), BUSY),
    shows: (naive, good) => naive.amount > 50 && good.amount < 1,
  },
  {
    id: 'hedge-without-budget-standstill',
    antiPattern: 'Without a budget',
    done: `the same at ${STANDSTILL.loadPercent} %, and the server stalls once for ${STILL_MS} ms`,
    stage: 'simulated',
    library: undefined,
    say: (share) => `${share} %`,
    digits: 2,
    naive: () => unanswered(unpaid(), STANDSTILL),
    ours: () => unanswered(ours(), STANDSTILL),
    shows: (naive, good) => naive.amount > 5 * good.amount,
  },
  {
    id: 'hedge-server-not-told',
    antiPattern: 'Without a budget',
    done: `an unlimited budget on both sides, a server at ${BUSY.loadPercent} % of its capacity; ours: the server notices when a caller leaves, and does not start that work: calls without an answer`,
    stage: 'simulated',
    library: undefined,
    say: (share) => `${share} %`,
    digits: 2,
    naive: () => unanswered(unpaid(), BUSY),
    ours: () => unanswered(unpaid(), { ...BUSY, dropsAbandoned: true }),
    shows: (naive, good) => naive.amount > 50 && good.amount < 1,
  },
  {
    id: 'hedge-unsafe',
    antiPattern: 'Operations that change something',
    done: `${ORDERS.toLocaleString('en')} orders, a second attempt after ${FIXED_MS} ms: orders started twice`,
    stage: 'simulated',
    library: undefined,
    say: (orders) => `${orders} of ${ORDERS.toLocaleString('en')}`,
    naive: () => ordersTwice(afterFixed(FIXED_MS)),
    ours: () => ordersTwice(ours()),
    shows: (naive, good) => naive.amount > 0 && good.amount === 0,
  },
  {
    id: 'hedge-loser-runs',
    antiPattern: 'The loser left running',
    done: `our policy, answers take ${1.5 * BAD_MS} ms on average; naive: the slower attempt is not aborted: work of the downstream per call`,
    stage: 'simulated',
    library: undefined,
    say: (ms) => `${ms} ms`,
    digits: 1,
    naive: () => workOf(compose(ours(), deaf)),
    ours: () => workOf(ours()),
    shows: (naive, good) => naive.amount > 1.03 * good.amount,
  },
];
