import { attemptTimeout, compose, DEFAULTS, deadline } from '@halfopen/client';
import { taking, testContext } from '@halfopen/testing';
import axios from 'axios';
import CircuitBreaker from 'opossum';
import type { Measurement } from '../measurement.ts';
import { endOf, pause, timed } from '../stage/observe.ts';
import { JSON_TYPE, OK, withShop, withStandIn } from '../stage/on-sockets.ts';
import { onVirtualTime } from '../stage/on-virtual-time.ts';
import { firstInFirstOut, newestFirst, OVERLOAD, overload } from '../stage/overload.ts';
import { threeAttempts } from '../stage/shop.ts';

const CALLS = 10;
const LIMIT_MS = 100;
const WORK_MS = 400;

/** All calls time out. The server stops working when the connection closes. @returns how many it worked on to the end */
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

/** One call times out beside healthy ones. @returns how many of the healthy ones get no answer */
async function siblingsLost(call: (ms: number) => Promise<unknown>) {
  const slow = endOf(call(60_000));
  await pause(90);
  const ends = await Promise.all(Array.from({ length: SIBLINGS }, () => endOf(call(50))));
  await slow;
  return { amount: ends.filter((end) => end !== 'answer').length };
}

const answerAfter = (ms: number, signal: AbortSignal) => taking(ms, 'answer')(testContext({ signal }));

const WHOLE_CALL_MS = 1_000;
const attempts = compose(threeAttempts(), attemptTimeout({ timeoutMs: DEFAULTS.attemptTimeoutMs }));
const silence = taking(60_000, 'too late');

export const DEADLINE: readonly Measurement[] = [
  {
    id: 'opossum-timeout-no-abort',
    antiPattern: 'A race against a timer, without an abort',
    done: `opossum around axios, ${CALLS} calls, a limit of ${LIMIT_MS} ms, ${WORK_MS} ms of work that stops when the connection closes: work that ran to the end`,
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
      const limit = deadline({ timeoutMs: LIMIT_MS });
      return worksToTheEnd((url) => withShop(url, limit, (shop) => shop.find({})));
    },
    shows: (naive, ours) => naive.amount === CALLS && ours.amount === 0,
  },
  {
    id: 'opossum-one-abort-controller',
    antiPattern: 'One AbortController for everybody',
    done: `one call times out beside ${SIBLINGS} healthy ones: healthy ones without an answer`,
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
        const limited = deadline({ timeoutMs: LIMIT_MS });
        return siblingsLost((ms) => limited(({ signal }) => answerAfter(ms, signal))(testContext()));
      }),
    shows: (naive, ours) => naive.amount === SIBLINGS && ours.amount === 0,
  },
  {
    id: 'no-limit-for-the-call',
    antiPattern: 'A limit per attempt and none for the call',
    done: `a silent server, ${DEFAULTS.attempts} attempts of ${DEFAULTS.attemptTimeoutMs} ms, back-offs at their upper bound; ours: a deadline of ${WHOLE_CALL_MS.toLocaleString('en')} ms: time until the call failed`,
    stage: 'simulated',
    library: undefined,
    say: (ms) => `${ms} ms`,
    naive: () => onVirtualTime(() => timed(() => attempts(silence)(testContext()))),
    ours: () =>
      onVirtualTime(() => {
        const whole = deadline({ timeoutMs: WHOLE_CALL_MS });
        return timed(() => compose(whole, attempts)(silence)(testContext()));
      }),
    shows: (naive, ours) => naive.amount > 1.5 * WHOLE_CALL_MS && ours.amount <= WHOLE_CALL_MS,
  },
  {
    id: 'limit-not-told',
    antiPattern: 'A limit that the other side is not told',
    done: `${OVERLOAD}; naive: first in, first out, and the server is not told the deadline: work that led to no answer in time`,
    stage: 'simulated',
    library: undefined,
    say: (share) => `${share} %`,
    naive: async () => ({ amount: (await overload({ queue: firstInFirstOut(256), isTold: false })).wastedPercent }),
    ours: async () => ({ amount: (await overload({ queue: newestFirst(256), isTold: true })).wastedPercent }),
    shows: (naive, ours) => naive.amount > 50 && ours.amount < 20,
  },
];
