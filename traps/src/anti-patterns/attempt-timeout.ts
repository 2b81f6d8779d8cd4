import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { attemptTimeout, type Call, CallError, compose, type Policy } from '@halfopen/client';
import { testContext } from '@halfopen/testing';
import axios, { type AxiosRequestConfig } from 'axios';
import axiosRetry from 'axios-retry';
import { ConsecutiveBreaker, circuitBreaker, handleAll, TimeoutStrategy, timeout, wrap } from 'cockatiel';
import type { Measurement } from '../measurement.ts';
import { callsUntilOpen, defaultBreaker } from '../stage/breaker.ts';
import { endOf, pause, timed } from '../stage/observe.ts';
import { JSON_TYPE, OK, withShop, withStandIn } from '../stage/on-sockets.ts';
import { onVirtualTime } from '../stage/on-virtual-time.ts';
import { threeAttempts } from '../stage/shop.ts';

const TIMEOUT_MS = 300;
const DRIP_MS = 3_000;
const limited = attemptTimeout({ timeoutMs: TIMEOUT_MS });

function drip(res: ServerResponse): void {
  res.writeHead(200, JSON_TYPE);
  const drops = setInterval(() => res.write(' '), 50);
  const end = setTimeout(() => res.end(OK), DRIP_MS);
  res.once('close', () => {
    clearInterval(drops);
    clearTimeout(end);
  });
}

const drippedAxios = (config: AxiosRequestConfig) =>
  withStandIn(
    (_req, res) => drip(res),
    (url) => timed(() => axios.get(url, { timeout: TIMEOUT_MS, ...config })),
  );

function stall(res: ServerResponse): void {
  res.writeHead(200, JSON_TYPE).write('{"ok":');
}

const HUGE_MB = 100;

function* hugeBody() {
  yield OK;
  const spaces = Buffer.alloc(1_000_000, ' ');
  for (let mb = 0; mb < HUGE_MB; mb++) yield spaces;
}

/** Sends an answer that is far too large. @returns the megabytes sent before the caller closed the connection */
async function sentTo(read: (url: string) => Promise<unknown>) {
  let sentMb = 0;
  const ended = await withStandIn(
    (_req, res) => {
      const { socket } = res;
      res.once('close', () => {
        sentMb = (socket?.bytesWritten ?? 0) / 1e6;
      });
      res.writeHead(200, JSON_TYPE);
      Readable.from(hugeBody()).pipe(res);
    },
    async (url) => {
      const end = await endOf(read(url));
      // The server needs a moment to notice the closed connection.
      await pause(100);
      return end;
    },
  );
  return { amount: sentMb, ended };
}

/** Answers each request with 503 after 400 ms if its caller is still connected. @returns how many were answered */
async function answered(call: (url: string) => Promise<unknown>) {
  let answers = 0;
  const ended = await withStandIn(
    (_req, res) => {
      setTimeout(() => {
        if (res.destroyed) return;
        answers++;
        res.writeHead(503, JSON_TYPE).end();
      }, 400);
    },
    (url) => endOf(call(url)),
  );
  return { amount: answers, ended };
}

const SILENT_CALLS = 40;
const SILENT_MS = 50;

const LATE_CALLS = 100;
/** Ignores the abort, and ends with a 404. */
const lateRefusal: Call<never> = async () => {
  await pause(60);
  throw new CallError('remote_refused', 'not found', { status: 404, sent: 'answered' });
};

/** Attempts that time out, with the breaker inside or outside the attempt timeout. */
const lateAttempts = (order: (limit: Policy, breaker: Policy) => readonly [Policy, Policy]) =>
  onVirtualTime(async () => {
    const breaker = defaultBreaker();
    const limit = attemptTimeout({ timeoutMs: SILENT_MS });
    const call = compose(...order(limit, breaker.policy))(lateRefusal);
    const figure = await callsUntilOpen(
      LATE_CALLS,
      () => call(testContext()),
      () => breaker.state === 'open',
    );
    breaker.close();
    return figure;
  });

export const ATTEMPT_TIMEOUT: readonly Measurement[] = [
  {
    id: 'axios-timeout-drip',
    antiPattern: "The HTTP library's `timeout`",
    done: `a limit of ${TIMEOUT_MS} ms, a body that drips for ${DRIP_MS / 1_000} s; axios's http adapter: time until the call ended`,
    stage: 'sockets',
    library: 'axios',
    say: (ms) => `${ms} ms`,
    naive: () => drippedAxios({}),
    ours: () =>
      withStandIn(
        (_req, res) => drip(res),
        (url) => withShop(url, limited, (shop) => timed(() => shop.find({}))),
      ),
    shows: (naive, ours) =>
      naive.ended === 'answer' && naive.amount > 0.9 * DRIP_MS && ours.ended === 'attempt_timeout',
  },
  {
    id: 'axios-timeout-drip-fetch',
    antiPattern: "The HTTP library's `timeout`",
    done: "the same with axios's fetch adapter: the same option means something else",
    stage: 'sockets',
    library: 'axios',
    say: (ms) => `${ms} ms`,
    naive: () => drippedAxios({ adapter: 'fetch' }),
    ours: undefined,
    shows: ({ amount, ended }) => ended !== 'answer' && amount < DRIP_MS / 2,
  },
  {
    id: 'axios-stalled-body',
    antiPattern: 'A stalled body under another name',
    done: `a limit of ${TIMEOUT_MS} ms, a body that stops in the middle: time until the call ended`,
    stage: 'sockets',
    library: 'axios',
    say: (ms) => `${ms} ms`,
    naive: () =>
      withStandIn(
        (_req, res) => stall(res),
        (url) => timed(() => axios.get(url, { timeout: TIMEOUT_MS })),
      ),
    ours: () =>
      withStandIn(
        (_req, res) => stall(res),
        (url) => withShop(url, limited, (shop) => timed(() => shop.find({}))),
      ),
    shows: (naive, ours) => naive.ended === 'ERR_BAD_RESPONSE' && ours.ended === 'attempt_timeout',
  },
  {
    id: 'axios-any-size',
    antiPattern: "The library's default",
    done: `an answer of ${HUGE_MB} MB: sent before the caller closed the connection`,
    stage: 'sockets',
    library: 'axios',
    say: (mb) => `${mb} MB`,
    naive: () => sentTo((url) => axios.get(url)),
    ours: () => sentTo((url) => withShop(url, undefined, (shop) => shop.find({}))),
    shows: (naive, ours) => naive.amount >= HUGE_MB && naive.ended === 'answer' && ours.ended === 'bad_response',
  },
  {
    id: 'axios-retry-shared-timeout',
    antiPattern: 'One timeout over all attempts',
    done: 'a limit of 1,000 ms, up to 4 attempts, each answered with 503 after 400 ms: attempts answered',
    stage: 'sockets',
    library: 'axios-retry',
    say: (attempts) => `${attempts} attempts`,
    naive: () => {
      const http = axios.create();
      axiosRetry(http, { retries: 3 });
      return answered((url) => http.get(url, { timeout: 1_000 }));
    },
    ours: () => {
      const policy = compose(threeAttempts({ attempts: 4 }), attemptTimeout({ timeoutMs: 1_000 }));
      return answered((url) => withShop(url, policy, (shop) => shop.find({})));
    },
    shows: (naive, ours) => naive.amount < 4 && ours.amount === 4,
  },
  {
    id: 'cockatiel-timeout-outside',
    antiPattern: 'Outside of the breaker',
    done: `${SILENT_CALLS} calls in a row to a silent server, each abandoned after ${SILENT_MS} ms: calls until the breaker opened`,
    stage: 'sockets',
    library: 'cockatiel',
    say: (calls) => `${calls} calls`,
    naive: () =>
      withStandIn(
        () => undefined,
        async (url) => {
          const breaker = circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(20) });
          const call = wrap(timeout(SILENT_MS, TimeoutStrategy.Aggressive), breaker);
          let open = false;
          breaker.onBreak(() => {
            open = true;
          });
          const left = new AbortController();
          const figure = await callsUntilOpen(
            SILENT_CALLS,
            () => call.execute(() => axios.get(url, { signal: left.signal })),
            () => open,
          );
          left.abort();
          return figure;
        },
      ),
    ours: () =>
      withStandIn(
        () => undefined,
        (url) => {
          const breaker = defaultBreaker();
          const policy = compose(breaker.policy, attemptTimeout({ timeoutMs: SILENT_MS }));
          return withShop(url, policy, async (shop) => {
            const figure = await callsUntilOpen(
              SILENT_CALLS,
              () => shop.find({}),
              () => breaker.state === 'open',
            );
            breaker.close();
            return figure;
          });
        },
      ),
    shows: (naive, ours) => naive.ended === 'still closed' && ours.amount === 20,
  },
  {
    id: 'attempt-timeout-outside-breaker',
    antiPattern: 'Outside of the breaker',
    done: `${LATE_CALLS} attempts that time out, and end with a 404 later: attempts until the breaker opened`,
    stage: 'simulated',
    library: undefined,
    say: (attempts) => `${attempts} attempts`,
    naive: () => lateAttempts((limit, breaker) => [limit, breaker]),
    ours: () => lateAttempts((limit, breaker) => [breaker, limit]),
    shows: (naive, ours) => naive.ended === 'still closed' && ours.amount === 20,
  },
];
