import {
  type Call,
  type CallContext,
  compose,
  createRetryBudget,
  DEFAULTS,
  deadline,
  hedge,
  type Policy,
  type RetryBudget,
  sleep,
  systemClock,
} from '../../packages/client/src/index.ts';
import { chance, context } from '../../packages/resilience/test/calls.ts';
import type { Measurement } from './measurement.ts';
import { endOf, pause, percent } from './observe.ts';
import { onVirtualTime, openLoop } from './on-virtual-time.ts';
import { createServer } from './queueing-server.ts';

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

/** As a service has it; each success earns, as the retry around it does. */
function ours(): Policy {
  const budget = createRetryBudget({
    ratio: DEFAULTS.retryRatio,
    capacity: DEFAULTS.retryBudget,
    initial: DEFAULTS.retryBudgetInitial,
  });
  return compose(earning(budget), hedge({ budget, clock: systemClock, onEvent: () => undefined }));
}

const earning =
  (budget: RetryBudget): Policy =>
  (next) =>
  async (ctx) => {
    const value = await next(ctx);
    budget.earn();
    return value;
  };

/** A second attempt after a fixed time, without a budget and without looking at what the operation does. */
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

/** A downstream whose answers take so long, and now and then several times that. Counts what it is asked. */
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

/** A good day, so that what is usual is known, then a bad one: attempts for each call of the bad one. */
const badDay = (policy: Policy) =>
  onVirtualTime(async () => {
    const { call, seen } = createDownstream();
    const hedged = policy(call);
    await openLoop(LOAD, () => hedged(context()));
    seen.usualMs = BAD_MS;
    seen.attempts = 0;
    const calls = await openLoop(LOAD, () => hedged(context()));
    return { amount: seen.attempts / calls.length };
  });

/** Work of the downstream for each call. */
const workOf = (policy: Policy) =>
  onVirtualTime(async () => {
    const { call, seen } = createDownstream();
    seen.usualMs = BAD_MS;
    const hedged = policy(call);
    const calls = await openLoop(LOAD, () => hedged(context()));
    await pause(20 * BAD_MS);
    return { amount: seen.workMs / calls.length };
  });

/** Whatever is below hears of no abort. */
const deaf: Policy = (next) => (ctx) => next({ ...ctx, signal: new AbortController().signal });

const ORDERS = 1_000;

/** Orders one after another: how many were carried out twice, at least in part. */
const ordersTwice = (policy: Policy) =>
  onVirtualTime(async () => {
    const { call, seen } = createDownstream();
    const hedged = policy(call);
    for (let n = 0; n < ORDERS; n++) await hedged(context({ operation: { name: 'order', safety: 'unsafe' } }));
    return { amount: seen.attempts - ORDERS };
  });

const SERVER = { places: 10, workMs: 20 };
const SERVED_S = 60;
const WAITS_MS = 500;
const STILL_MS = 500;

interface Day {
  readonly loadPercent: number;
  /** For how long the server stands still, once. */
  readonly stillMs: number;
  readonly dropsAbandoned: boolean;
}

/** A server asked so much of what it can do: calls that got no answer in time. */
const unanswered = (policy: Policy, { loadPercent, stillMs, dropsAbandoned }: Day) =>
  onVirtualTime(async () => {
    const server = createServer({ ...SERVER, dropsAbandoned });
    const call = compose(deadline({ timeoutMs: WAITS_MS, clock: systemClock }), policy)(server.call);
    void pause((SERVED_S * 1_000) / 3).then(() => server.standStill(stillMs));
    const ratePerS = ((loadPercent / 100) * SERVER.places * 1_000) / SERVER.workMs;
    const ends = await openLoop({ ratePerS, seconds: SERVED_S }, () => endOf(call(context())));
    return { amount: percent(ends, (end) => end !== 'answer') };
  });
const BUSY: Day = { loadPercent: 80, stillMs: 0, dropsAbandoned: false };
const STANDSTILL: Day = { loadPercent: 60, stillMs: STILL_MS, dropsAbandoned: false };
const unpaid = () => hedge({ budget: withoutEnd, clock: systemClock, onEvent: () => undefined });

export const HEDGE: readonly Measurement[] = [
  {
    id: 'hedge-fixed-delay',
    antiPattern: 'A fixed delay',
    done: `a second attempt after ${FIXED_MS} ms, set when answers took ${GOOD_MS} ms and more; now they take ${BAD_MS} and more: attempts a call`,
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
    done: `a server at ${BUSY.loadPercent} % of what it can do that does not hear of those who leave, ${WAITS_MS} ms for each call; naive: ours with a budget without end: calls without an answer in ${SERVED_S} s`,
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
    done: `the same at ${STANDSTILL.loadPercent} %, and once it stands still for ${STILL_MS} ms`,
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
    done: `a budget without end on both sides, a server at ${BUSY.loadPercent} %; ours: one that hears of those who leave and does not begin their work: calls without an answer`,
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
    done: `${ORDERS.toLocaleString('en')} orders, a second attempt after ${FIXED_MS} ms: begun twice`,
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
    done: `hedged as ours, answers take ${1.5 * BAD_MS} ms on average; naive: the loser hears of no abort: work of the other side for a call`,
    stage: 'simulated',
    library: undefined,
    say: (ms) => `${ms} ms`,
    digits: 1,
    naive: () => workOf(compose(ours(), deaf)),
    ours: () => workOf(ours()),
    shows: (naive, good) => naive.amount > 1.03 * good.amount,
  },
];
