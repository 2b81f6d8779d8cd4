/** Traps of axios-retry 4.x. Each test shows the naive call fall in, over real sockets; then ours does not. */
import { setTimeout as sleep } from 'node:timers/promises';
import { attemptTimeout, compose, deadline } from '@halfopen/client';
import { track, virtualTime } from '@halfopen/testing';
import axios from 'axios';
import axiosRetry, { type IAxiosRetryConfig } from 'axios-retry';
import { expect, test, vi } from 'vitest';
import { JSON_TYPE, OK } from '../../src/stage/on-sockets.ts';
import { threeAttempts } from '../../src/stage/shop.ts';
import { shopAt, standIn } from './shop-at.ts';

/** Waits as long as the test may take: vitest's own limit of a second would be one more bound in milliseconds. */
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 5 });

/** axios with three retries, set up as the README of axios-retry shows. */
function retrying(changes: IAxiosRetryConfig = {}) {
  const http = axios.create();
  axiosRetry(http, { retries: 3, ...changes });
  return http;
}

test.each([
  ['', {}],
  [', with `clarifyTimeoutError` too', { transitional: { clarifyTimeoutError: true } }],
])('a POST whose answer was lost is repeated: executed four times (axios-retry #66, #17)%s', async (_too, config) => {
  let executed = 0;
  const { url } = await standIn((req, res) => {
    executed++;
    if (executed < 3 || req.method === 'POST') res.socket?.resetAndDestroy();
    else res.writeHead(200, JSON_TYPE).end(OK);
  });
  await expect(retrying().post(url, undefined, config)).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect(executed).toBe(4);

  executed = 0;
  const shop = shopAt(url, threeAttempts());
  await expect(shop.order({})).rejects.toMatchObject({ code: 'connection_lost', sent: 'perhaps' });
  expect(executed).toBe(1);

  executed = 0;
  await expect(shop.find({}), 'an operation that the contract calls safe is repeated').resolves.toEqual({ ok: true });
  expect(executed).toBe(3);
});

test('a timeout is never retried, not even of a GET (axios-retry #8, #39, #47, #185)', async () => {
  const time = virtualTime();
  let requests = 0;
  const { url } = await standIn((_req, res) => {
    // The first request gets no answer.
    if (++requests > 1) res.writeHead(200, JSON_TYPE).end(OK);
    else void time.advance(300);
  });
  await expect(retrying().get(url, { timeout: 300 })).rejects.toMatchObject({ code: 'ECONNABORTED' });
  expect(requests).toBe(1);

  requests = 0;
  const policy = compose(threeAttempts(), attemptTimeout({ timeoutMs: 300, clock: time.clock }));
  await expect(shopAt(url, policy, time.clock).find({})).resolves.toEqual({ ok: true });
  expect(requests).toBe(2);
});

test('all attempts share one `timeout`: the second of four gets only the rest (axios-retry #97)', async () => {
  let requests = 0;
  const naive = await standIn((_req, res) => {
    const status = ++requests < 3 ? 503 : 200;
    setTimeout(() => res.writeHead(status, JSON_TYPE).end(OK), 160);
  });
  await expect(retrying().get(naive.url, { timeout: 300 })).rejects.toThrow(/timeout|503/);
  expect(requests).toBeLessThan(3);

  const time = virtualTime();
  requests = 0;
  const ours = await standIn((_req, res) => {
    const status = ++requests < 3 ? 503 : 200;
    void time.advance(160).then(() => res.writeHead(status, JSON_TYPE).end(OK));
  });
  const policy = compose(threeAttempts(), attemptTimeout({ timeoutMs: 300, clock: time.clock }));
  await expect(shopAt(ours.url, policy, time.clock).find({})).resolves.toEqual({ ok: true });
  expect(requests).toBe(3);
});

/** A server that answers 503 with this Retry-After. `requests` counts how often it was asked. */
async function busyFor(seconds: number) {
  const seen = { requests: 0 };
  const { url } = await standIn((_req, res) => {
    seen.requests++;
    res.writeHead(503, { 'retry-after': String(seconds) }).end();
  });
  return { url, seen };
}

/** Ours on a clock that stands still: a call that waits does not end. */
function onStoppedClock() {
  const time = virtualTime();
  const { clock } = time;
  const policy = compose(deadline({ timeoutMs: 2_000, clock }), threeAttempts({ clock }));
  return { policy, time };
}

test('a Retry-After of an hour is waited for, however little time the caller has (axios-retry #63, #152)', async () => {
  const { url, seen } = await busyFor(3_600);
  const caller = new AbortController();
  const naive = track(retrying().get(url, { signal: caller.signal }));
  await eventually(() => expect(seen.requests).toBe(1));
  await sleep(200);
  expect(naive.outcome).toBe('pending');
  caller.abort();
  await eventually(() => expect(naive.outcome).toBe('ERR_CANCELED'));

  const { policy, time } = onStoppedClock();
  await expect(shopAt(url, policy, time.clock).find({})).rejects.toMatchObject({
    code: 'remote_error',
    status: 503,
    retryAfterMs: 3_600_000,
  });
  expect([seen.requests, time.pending()]).toEqual([2, 0]);
});

test('a Retry-After of 30 days overflows the timer: four attempts at once (axios-retry #152, retry-axios #116)', async () => {
  const { url, seen } = await busyFor(30 * 86_400);
  await expect(retrying().get(url)).rejects.toMatchObject({ status: 503 });
  expect(seen.requests).toBe(4);

  seen.requests = 0;
  const { policy, time } = onStoppedClock();
  // The hint is cut to a day: no caller waits longer.
  await expect(shopAt(url, policy, time.clock).find({})).rejects.toMatchObject({
    status: 503,
    retryAfterMs: 86_400_000,
  });
  expect(seen.requests).toBe(1);

  const caller = new AbortController();
  const patient = shopAt(url, threeAttempts({ clock: time.clock }), time.clock).find({}, { signal: caller.signal });
  await eventually(() => expect(time.pending(), 'without a deadline it waits').toBe(1));
  caller.abort();
  await expect(patient).rejects.toMatchObject({ code: 'cancelled' });
  expect([seen.requests, time.pending()]).toEqual([2, 0]);
});

test('no delay between attempts by default', async () => {
  let requests = 0;
  const { url } = await standIn((_req, res) => {
    requests++;
    res.writeHead(503).end();
  });
  // The global timer stands still. Only a delay of zero can end.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const naive = track(retrying().get(url));
    while (naive.outcome === 'pending') {
      await vi.advanceTimersByTimeAsync(0);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect([naive.outcome, requests]).toEqual(['ERR_BAD_RESPONSE', 4]);
  } finally {
    vi.useRealTimers();
  }

  requests = 0;
  const time = virtualTime();
  const ours = track(shopAt(url, threeAttempts({ baseMs: 200, clock: time.clock }), time.clock).find({}));
  for (const [asked, delayMs] of [
    [1, 200],
    [2, 400],
  ] as const) {
    await eventually(() => expect(time.pending()).toBe(1));
    await time.advance(delayMs - 1);
    expect([requests, time.pending()]).toEqual([asked, 1]);
    await time.advance(1);
  }
  await eventually(() => expect([ours.outcome, requests]).toEqual(['remote_error', 3]));
});
