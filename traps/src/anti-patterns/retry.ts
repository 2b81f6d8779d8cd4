import type { RequestListener } from 'node:http';
import { type Call, compose, createRetryBudget, type Policy, type RetryBudget } from '@halfopen/client';
import { remoteError, testContext, unreachable } from '@halfopen/testing';
import axios from 'axios';
import axiosRetry from 'axios-retry';
import { retry as cockatielRetry, handleAll } from 'cockatiel';
import type { Figure, Measurement } from '../measurement.ts';
import { endOf, pause, timed } from '../stage/observe.ts';
import { JSON_TYPE, OK, withEdge, withShop, withStandIn } from '../stage/on-sockets.ts';
import { onVirtualTime, openLoop } from '../stage/on-virtual-time.ts';
import { limitedAttempts, threeAttempts } from '../stage/shop.ts';

/** axios with three retries, set up as the README of axios-retry shows. */
function retrying() {
  const http = axios.create();
  axiosRetry(http, { retries: 3 });
  return http;
}

/** When requests arrived at the server, and how the call ended. */
async function arrivalsOf(listener: RequestListener, call: (url: string) => Promise<unknown>) {
  const arrivals: number[] = [];
  const ended = await withStandIn(
    (req, res) => {
      arrivals.push(performance.now());
      listener(req, res);
    },
    (url) => endOf(call(url)),
  );
  return { arrivals, ended };
}

async function requestsOf(listener: RequestListener, call: (url: string) => Promise<unknown>): Promise<Figure> {
  const { arrivals, ended } = await arrivalsOf(listener, call);
  return { amount: arrivals.length, ended };
}

const loses: RequestListener = (_req, res) => void res.socket?.resetAndDestroy();

/** Never answers the first request. */
function silentOnce(): RequestListener {
  let requests = 0;
  return (_req, res) => {
    if (++requests > 1) res.writeHead(200, JSON_TYPE).end(OK);
  };
}

const busyFor =
  (seconds: number): RequestListener =>
  (_req, res) =>
    void res.writeHead(503, { 'retry-after': String(seconds) }).end();

/** The mean time between two attempts, in milliseconds. */
async function gapOf(call: (url: string) => Promise<unknown>): Promise<Figure> {
  const { arrivals } = await arrivalsOf((_req, res) => void res.writeHead(503).end(), call);
  return { amount: ((arrivals.at(-1) ?? 0) - (arrivals[0] ?? 0)) / (arrivals.length - 1) };
}

const PATIENCE_MS = 2_000;
const patient = () => ({ signal: AbortSignal.timeout(PATIENCE_MS) });
const MONTH_S = 30 * 86_400;

const REFUSED_MS = 100;

/** Attempts at a downstream that refuses connections, until the caller leaves after `REFUSED_MS`. */
async function attemptsWithin(call: (attempt: () => Promise<never>, signal: AbortSignal) => Promise<unknown>) {
  let attempts = 0;
  await endOf(
    call(() => {
      attempts++;
      return Promise.reject(unreachable());
    }, AbortSignal.timeout(REFUSED_MS)),
  );
  return { amount: attempts };
}

const USERS = 10;
const HOPS = 3;

/** Requests per call at a failing leaf behind three hops. */
async function leafRequests(hopBefore: (next: string, use: (url: string) => Promise<void>) => Promise<void>) {
  let requests = 0;
  await withStandIn(
    (_req, res) => {
      requests++;
      res.writeHead(503).end();
    },
    async (leaf) => {
      const through = (hops: number, url: string): Promise<void> =>
        hops > 0 ? hopBefore(url, (next) => through(hops - 1, next)) : callAll(url);
      await through(HOPS, leaf);
    },
  );
  return { amount: requests / USERS };
}

async function callAll(url: string): Promise<void> {
  for (let user = 0; user < USERS; user++) await axios.get(`${url}/hello`, { validateStatus: () => true });
}

const naiveHop = (next: string, use: (url: string) => Promise<void>) => {
  const http = retrying();
  return withStandIn((_req, res) => {
    http.get(`${next}/hello`).then(
      () => res.end(),
      () => res.writeHead(503).end(),
    );
  }, use);
};

const OUTAGE = { ratePerS: 100, seconds: 60 };

/** A healthy minute, then a minute of failures. @returns attempts per call in the second one */
const outageWith = (policyOf: (budget: RetryBudget) => Policy) =>
  onVirtualTime(async () => {
    let attempts = 0;
    let isWell = true;
    const downstream: Call<string> = async () => {
      attempts++;
      await pause(5);
      if (!isWell) throw remoteError(503);
      return 'answer';
    };
    const call = policyOf(createRetryBudget())(downstream);
    const callOnce = () => endOf(call(testContext()));
    await openLoop(OUTAGE, callOnce);
    isWell = false;
    attempts = 0;
    const calls = await openLoop(OUTAGE, callOnce);
    return { amount: attempts / calls.length };
  });

/** Each call earns a tenth of a retry, whether or not it succeeds. */
const earnedPerRequest = (budget: RetryBudget): Policy => {
  const paid = threeAttempts({
    budget: {
      earn: () => undefined,
      spend: () => budget.spend(),
      capacity: budget.capacity,
      get remaining() {
        return budget.remaining;
      },
    },
  });
  const earns: Policy = (next) => (ctx) => {
    budget.earn();
    return next(ctx);
  };
  return compose(earns, paid);
};

export const RETRY: readonly Measurement[] = [
  {
    id: 'axios-retry-lost-post',
    antiPattern: 'Repeating what was perhaps done',
    done: 'one POST; the server does the work, then resets the connection: times the work was done',
    stage: 'sockets',
    library: 'axios-retry',
    say: (times) => `${times} ×`,
    naive: () => requestsOf(loses, (url) => retrying().post(url)),
    ours: () => requestsOf(loses, (url) => withShop(url, limitedAttempts(500), (shop) => shop.order({}))),
    shows: (naive, ours) => naive.amount > 1 && ours.amount === 1,
  },
  {
    id: 'axios-retry-timeout',
    antiPattern: 'Not repeating what may be repeated',
    done: 'one GET, 300 ms per attempt; the server answers only the second request',
    stage: 'sockets',
    library: 'axios-retry',
    say: (attempts) => `attempts: ${attempts}`,
    naive: () => requestsOf(silentOnce(), (url) => retrying().get(url, { timeout: 300 })),
    ours: () => requestsOf(silentOnce(), (url) => withShop(url, limitedAttempts(300), (shop) => shop.find({}))),
    shows: (naive, ours) => naive.amount === 1 && ours.amount === 2 && ours.ended === 'answer',
  },
  {
    id: 'axios-retry-no-wait',
    antiPattern: 'No wait',
    done: 'a server that answers 503: mean time between attempts (ours: jitter at its upper bound)',
    stage: 'sockets',
    library: 'axios-retry',
    say: (ms) => `${ms} ms`,
    digits: 1,
    rounds: 5,
    naive: () => gapOf((url) => retrying().get(url)),
    ours: () => gapOf((url) => withShop(url, threeAttempts(), (shop) => shop.find({}))),
    shows: (naive, ours) => naive.amount < ours.amount / 2,
  },
  {
    id: 'cockatiel-retry-endless',
    antiPattern: 'No wait',
    done: `cockatiel's \`retry(handleAll, {})\`, refused connections; the caller leaves after ${REFUSED_MS} ms: attempts`,
    stage: 'in process',
    library: 'cockatiel',
    say: (attempts) => `${attempts} attempts`,
    rounds: 3,
    naive: () => attemptsWithin((attempt, signal) => cockatielRetry(handleAll, {}).execute(attempt, signal)),
    ours: () => attemptsWithin((attempt, signal) => threeAttempts()(attempt)(testContext({ signal }))),
    shows: (naive, ours) => naive.amount > 10 && ours.amount <= 3,
  },
  {
    id: 'axios-retry-after-an-hour',
    antiPattern: 'Retry-After taken at its word',
    done: `\`retry-after: 3600\`, a caller who waits at most ${PATIENCE_MS / 1_000} s: time until the call ended`,
    stage: 'sockets',
    library: 'axios-retry',
    say: (ms) => `${ms} ms`,
    naive: () => withStandIn(busyFor(3_600), (url) => timed(() => retrying().get(url, patient()))),
    ours: () =>
      withStandIn(busyFor(3_600), (url) =>
        withShop(url, limitedAttempts(500), (shop) => timed(() => shop.find({}, patient()))),
      ),
    shows: (naive, ours) =>
      naive.ended === 'ERR_CANCELED' && ours.ended === 'remote_error' && ours.amount < PATIENCE_MS / 4,
  },
  {
    id: 'axios-retry-after-a-month',
    antiPattern: 'Retry-After taken at its word',
    done: `\`retry-after: ${MONTH_S}\`, the same caller: requests`,
    stage: 'sockets',
    library: 'axios-retry',
    say: (requests) => requests,
    naive: () => requestsOf(busyFor(MONTH_S), (url) => retrying().get(url, patient())),
    ours: () =>
      requestsOf(busyFor(MONTH_S), (url) => withShop(url, limitedAttempts(500), (shop) => shop.find({}, patient()))),
    shows: (naive, ours) => naive.amount === 4 && ours.amount === 1,
  },
  {
    id: 'axios-retry-three-hops',
    antiPattern: 'Every hop retries',
    done: `${HOPS} hops in front of a leaf that answers 503, ${USERS} user calls one after another: requests at the leaf per user call (ours: ${HOPS} edges with the standard policy)`,
    stage: 'sockets',
    library: 'axios-retry',
    say: (requests) => requests,
    digits: 1,
    naive: () => leafRequests(naiveHop),
    ours: () => leafRequests(withEdge),
    shows: (naive, ours) => naive.amount === 64 && ours.amount < 3,
  },
  {
    id: 'budget-per-request',
    antiPattern: 'A budget earned per request',
    done: `${OUTAGE.ratePerS} calls per second, ${OUTAGE.seconds} healthy seconds, then ${OUTAGE.seconds} s of 503: attempts per call in the outage`,
    stage: 'simulated',
    library: undefined,
    say: (attempts) => attempts,
    digits: 3,
    naive: () => outageWith(earnedPerRequest),
    ours: () => outageWith((budget) => threeAttempts({ budget })),
    shows: (naive, ours) => naive.amount > 1.09 && ours.amount < 1.01,
  },
];
