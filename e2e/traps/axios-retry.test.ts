/** Traps of axios-retry 4.x. In each test the naive call falls in, on real sockets; then ours does not. */
import axios from 'axios';
import axiosRetry, { type IAxiosRetryConfig } from 'axios-retry';
import { expect, test } from 'vitest';
import { standIn } from '../harness/system.ts';
import { shopAt, threeAttempts, timed } from './shop.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

/** axios with three retries, as the README of axios-retry sets it up. */
function retrying(changes: IAxiosRetryConfig = {}) {
  const http = axios.create();
  axiosRetry(http, { retries: 3, ...changes });
  return http;
}

test('a POST whose answer was lost is done again: executed four times (axios-retry #66, #17)', async () => {
  let executed = 0;
  const { url } = await standIn((req, res) => {
    executed++;
    if (executed < 3 || req.method === 'POST') res.socket?.resetAndDestroy();
    else res.writeHead(200, JSON_TYPE).end('{"ok":true}');
  });
  await expect(retrying().post(url)).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect(executed).toBe(4);

  executed = 0;
  const shop = shopAt(url, timed(500));
  await expect(shop.order({})).rejects.toMatchObject({ code: 'connection_lost', sent: 'perhaps' });
  expect(executed).toBe(1);

  executed = 0;
  await expect(shop.find({}), 'what the contract calls safe is repeated').resolves.toEqual({ ok: true });
  expect(executed).toBe(3);
});

test('a timeout is never retried, not even of a GET (axios-retry #8, #39, #47, #185)', async () => {
  let requests = 0;
  const { url } = await standIn((_req, res) => {
    // The first is not answered at all.
    if (++requests > 1) res.writeHead(200, JSON_TYPE).end('{"ok":true}');
  });
  await expect(retrying().get(url, { timeout: 300 })).rejects.toMatchObject({ code: 'ECONNABORTED' });
  expect(requests).toBe(1);

  requests = 0;
  await expect(shopAt(url, timed(300)).find({})).resolves.toEqual({ ok: true });
  expect(requests).toBe(2);
});

test('`timeout` is shared by all attempts: the second of four gets the rest of it (axios-retry #97)', async () => {
  let requests = 0;
  const { url } = await standIn((_req, res) => {
    const status = ++requests < 3 ? 503 : 200;
    setTimeout(() => res.writeHead(status, JSON_TYPE).end('{"ok":true}'), 160);
  });
  await expect(retrying().get(url, { timeout: 300 })).rejects.toThrow(/timeout|503/);
  expect(requests).toBeLessThan(3);

  requests = 0;
  await expect(shopAt(url, timed(300)).find({})).resolves.toEqual({ ok: true });
  expect(requests).toBe(3);
});

test('a Retry-After of an hour is waited for, whatever the caller has left (axios-retry #63, #152)', async () => {
  let requests = 0;
  const { url } = await standIn((_req, res) => {
    requests++;
    res.writeHead(503, { 'retry-after': '3600' }).end();
  });
  const caller = { signal: AbortSignal.timeout(300) };
  await expect(retrying().get(url, caller), 'still waiting').rejects.toMatchObject({ code: 'ERR_CANCELED' });
  expect(requests).toBe(1);

  const startedAt = performance.now();
  const ours = shopAt(url, timed(500)).find({});
  await expect(ours).rejects.toMatchObject({ code: 'remote_error', status: 503, retryAfterMs: 3_600_000 });
  expect(performance.now() - startedAt).toBeLessThan(300);
  expect(requests).toBe(2);
});

test('a Retry-After of 30 days overflows the timer: four attempts at once (axios-retry #152, retry-axios #116)', async () => {
  let requests = 0;
  const { url } = await standIn((_req, res) => {
    requests++;
    res.writeHead(503, { 'retry-after': String(30 * 86_400) }).end();
  });
  await expect(retrying().get(url)).rejects.toMatchObject({ status: 503 });
  expect(requests).toBe(4);

  requests = 0;
  // More than a day helps nobody, so the hint is no longer than that.
  await expect(shopAt(url, timed(500)).find({})).rejects.toMatchObject({ status: 503, retryAfterMs: 86_400_000 });
  await expect(shopAt(url, threeAttempts()).find({}, { signal: AbortSignal.timeout(300) })).rejects.toMatchObject({
    code: 'cancelled',
  });
  expect(requests).toBe(2);
});

test('no delay between attempts by default', async () => {
  const arrivals: number[] = [];
  const { url } = await standIn((_req, res) => {
    arrivals.push(performance.now());
    res.writeHead(503).end();
  });
  const tookMs = () => (arrivals.at(-1) ?? 0) - (arrivals[0] ?? 0);
  await expect(retrying().get(url)).rejects.toMatchObject({ status: 503 });
  expect(arrivals).toHaveLength(4);
  const naiveMs = tookMs();

  arrivals.length = 0;
  const shop = shopAt(url, threeAttempts({ baseMs: 200 }));
  await expect(shop.find({})).rejects.toMatchObject({ status: 503 });
  expect(arrivals).toHaveLength(3);
  // 200 and 400 ms. A timer may be a millisecond early.
  expect(tookMs()).toBeGreaterThanOrEqual(598);
  expect(naiveMs).toBeLessThan(tookMs() / 2);
});
