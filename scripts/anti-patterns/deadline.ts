import axios from 'axios';
import CircuitBreaker from 'opossum';
import { threeAttempts } from '../../e2e/traps/shop-contract.ts';
import { attemptTimeout, compose, DEFAULTS, deadline, systemClock } from '../../packages/client/src/index.ts';
import { context, taking } from '../../packages/resilience/test/calls.ts';
import type { Measurement } from './measurement.ts';
import { endOf, pause, timed } from './observe.ts';
import { JSON_TYPE, OK, withShop, withStandIn } from './on-sockets.ts';
import { onVirtualTime } from './on-virtual-time.ts';
import { firstInFirstOut, newestFirst, OVERLOAD, overload } from './overload.ts';

const CALLS = 10;
const LIMIT_MS = 100;
const WORK_MS = 400;

/** Calls that all run out of time: at how many the server, which stops when its caller has gone, has worked to the end. */
async function worksToTheEnd(call: (url: string) => Promise<unknown>) {
  let finished = 0;
  const ends = await withStandIn(
    (_req, res) => {
      const work = setTimeout(() => {
        finished++;
        res.writeHead(200, JSON_TYPE).end(OK);
      }, WORK_MS);
      res.once('close', () => clearTimeout(work));
    },
    async (url) => {
      const ended = await Promise.all(Array.from({ length: CALLS }, () => endOf(call(url))));
      await pause(2 * WORK_MS);
      return ended;
    },
  );
  return { amount: finished, ended: [...new Set(ends)].join(', ') };
}

const SIBLINGS = 20;

/** One call that runs out of time beside healthy ones: how many of those did not get their answer. */
async function siblingsLost(call: (ms: number) => Promise<unknown>) {
  const slow = endOf(call(60_000));
  await pause(90);
  const ends = await Promise.all(Array.from({ length: SIBLINGS }, () => endOf(call(50))));
  await slow;
  return { amount: ends.filter((end) => end !== 'answer').length };
}

const answerAfter = (ms: number, signal: AbortSignal) => taking(ms, 'answer')(context({ signal }));

const WHOLE_CALL_MS = 1_000;
const attempts = compose(
  threeAttempts({ attempts: DEFAULTS.attempts, baseMs: DEFAULTS.backoffBaseMs }),
  attemptTimeout({ timeoutMs: DEFAULTS.attemptTimeoutMs, clock: systemClock }),
);
const silence = taking(60_000, 'too late');

export const DEADLINE: readonly Measurement[] = [
  {
    id: 'opossum-timeout-no-abort',
    antiPattern: 'A race against a timer, without an abort',
    done: `opossum around axios, ${CALLS} calls, ${LIMIT_MS} ms allowed, work of ${WORK_MS} ms that ends when its caller has gone: done to the end`,
    stage: 'sockets',
    library: 'opossum',
    say: (calls) => `${calls} of ${CALLS}`,
    naive: async () => {
      const breaker = new CircuitBreaker((url: string) => axios.get(url), { timeout: LIMIT_MS, volumeThreshold: 20 });
      const figure = await worksToTheEnd((url) => breaker.fire(url));
      breaker.shutdown();
      return figure;
    },
    ours: () => {
      const limit = deadline({ timeoutMs: LIMIT_MS, clock: systemClock });
      return worksToTheEnd((url) => withShop(url, limit, (shop) => shop.find({})));
    },
    shows: (naive, ours) => naive.amount === CALLS && ours.amount === 0,
  },
  {
    id: 'opossum-one-abort-controller',
    antiPattern: 'One AbortController for everybody',
    done: `one call out of time beside ${SIBLINGS} healthy ones: healthy ones that got no answer`,
    stage: 'simulated',
    library: 'opossum',
    say: (calls) => `${calls} of ${SIBLINGS}`,
    naive: () =>
      onVirtualTime(async () => {
        const abortController = new AbortController();
        const breaker = new CircuitBreaker((ms: number) => answerAfter(ms, abortController.signal), {
          timeout: LIMIT_MS,
          volumeThreshold: 100,
          abortController,
        });
        const figure = await siblingsLost((ms) => breaker.fire(ms));
        breaker.shutdown();
        return figure;
      }),
    ours: () =>
      onVirtualTime(() => {
        const limited = deadline({ timeoutMs: LIMIT_MS, clock: systemClock });
        return siblingsLost((ms) => limited(({ signal }) => answerAfter(ms, signal))(context()));
      }),
    shows: (naive, ours) => naive.amount === SIBLINGS && ours.amount === 0,
  },
  {
    id: 'no-limit-for-the-call',
    antiPattern: 'A limit per attempt and none for the call',
    done: `silence; ${DEFAULTS.attempts} attempts of ${DEFAULTS.attemptTimeoutMs} ms, back-offs at their upper bound; ours with ${WHOLE_CALL_MS.toLocaleString('en')} ms for the call: until the caller knew`,
    stage: 'simulated',
    library: undefined,
    say: (ms) => `${ms} ms`,
    naive: () => onVirtualTime(() => timed(() => attempts(silence)(context()))),
    ours: () =>
      onVirtualTime(() => {
        const whole = deadline({ timeoutMs: WHOLE_CALL_MS, clock: systemClock });
        return timed(() => compose(whole, attempts)(silence)(context()));
      }),
    shows: (naive, ours) => naive.amount > 1.5 * WHOLE_CALL_MS && ours.amount <= WHOLE_CALL_MS,
  },
  {
    id: 'limit-not-told',
    antiPattern: 'A limit that the other side is not told',
    done: `${OVERLOAD}; naive: first in, first out, and it does not know how long its callers wait: work that nobody got the answer of`,
    stage: 'simulated',
    library: undefined,
    say: (share) => `${share} %`,
    naive: async () => ({ amount: (await overload({ queue: firstInFirstOut(256), isTold: false })).wastedPercent }),
    ours: async () => ({ amount: (await overload({ queue: newestFirst(256), isTold: true })).wastedPercent }),
    shows: (naive, ours) => naive.amount > 50 && ours.amount < 20,
  },
];
