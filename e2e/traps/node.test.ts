/** Traps of Node's own clients, on real sockets. In each test the naive call falls in; then ours does not. */
import { getEventListeners } from 'node:events';
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import axios, { type AxiosError } from 'axios';
import { expect, test } from 'vitest';
import { standIn } from '../harness/system.ts';
import { shopAt, timed } from './shop.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

/** What 300 calls by 10 callers fail with, as many times as each. */
async function failuresOf(call: () => Promise<unknown>): Promise<Record<string, number>> {
  const failures: Record<string, number> = {};
  const caller = async () => {
    for (let n = 0; n < 30; n++) {
      await call().catch(({ code = 'none' }: AxiosError) => {
        failures[code] = (failures[code] ?? 0) + 1;
      });
      await sleep(3 + Math.random() * 4);
    }
  };
  await Promise.all(Array.from({ length: 10 }, caller));
  return failures;
}

test('a kept connection that the server closes just as it is used: ECONNRESET (node #20256, axios #6113)', async () => {
  let executed = 0;
  const { url } = await standIn((req, res) => {
    executed++;
    res.writeHead(200, JSON_TYPE).end('{"ok":true}');
    // Says nothing of it, and is as patient as the caller's usual pause is long.
    const { socket } = req;
    const idle = setTimeout(() => socket.destroy(), 5);
    socket.once('data', () => clearTimeout(idle));
  });
  const httpAgent = new Agent({ keepAlive: true });
  const naive = await failuresOf(() => axios.post(`${url}/order`, undefined, { httpAgent }));
  httpAgent.destroy();
  expect(naive.ECONNRESET).toBeGreaterThan(10);

  const shop = shopAt(url, timed(1_500));
  expect(await failuresOf(() => shop.find({})), 'what may be repeated').toEqual({});
  executed = 0;
  expect(await failuresOf(() => shop.order({})), 'what must not be').toEqual({});
  expect(executed).toBe(300);
});

test('a long-lived signal collects the listeners of every fetch (undici #3157, node #52635)', async () => {
  const { url } = await standIn((_req, res) => res.writeHead(200, JSON_TYPE).end('{"ok":true}'));
  const { signal } = new AbortController();
  for (let call = 0; call < 500; call++) await (await fetch(url, { signal })).json();
  const naive = getEventListeners(signal, 'abort').length;

  const ours = new AbortController();
  const shop = shopAt(url, timed(500));
  for (let call = 0; call < 500; call++) await shop.find({}, { signal: ours.signal });
  expect(getEventListeners(ours.signal, 'abort')).toEqual([]);
  expect(naive).toBeGreaterThan(100);
});
