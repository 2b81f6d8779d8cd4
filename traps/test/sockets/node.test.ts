/** Traps of Node's own clients. Each test shows the naive call fall in, over real sockets; then ours does not. */
import { getEventListeners } from 'node:events';
import { Agent } from 'node:http';
import { createRetryBudget } from '@halfopen/client';
import axios from 'axios';
import { expect, test } from 'vitest';
import { endOf } from '../../src/stage/observe.ts';
import { JSON_TYPE, OK } from '../../src/stage/on-sockets.ts';
import { limitedAttempts, threeAttempts } from '../../src/stage/shop.ts';
import { shopAt, standIn } from './shop-at.ts';

test('the server closes a kept connection just as it is used: ECONNRESET (node #20256, axios #6113)', async () => {
  let executed = 0;
  const { url, sockets } = await standIn((_req, res) => {
    executed++;
    res.writeHead(200, JSON_TYPE).end(OK);
  });
  /** Ends of three calls. The server closes the idle connections in the turn of the event loop in which each call begins. */
  const whileClosing = async (call: () => Promise<unknown>) => {
    const ends: string[] = [];
    for (let n = 0; n < 3; n++) {
      expect(await endOf(call())).toBe('answer');
      for (const socket of sockets) socket.destroy();
      ends.push(await endOf(call()));
    }
    return ends;
  };
  const httpAgent = new Agent({ keepAlive: true });
  const naive = await whileClosing(() => axios.post(`${url}/order`, undefined, { httpAgent }));
  httpAgent.destroy();
  expect(naive).toEqual(['ECONNRESET', 'ECONNRESET', 'ECONNRESET']);

  const replaced: string[] = [];
  // The budget pays for no retry: a closing connection is replaced without one.
  const budget = createRetryBudget({ capacity: 0, initial: 0 });
  const shop = shopAt(url, threeAttempts({ budget, onEvent: (event) => void replaced.push(event.type) }));
  expect(await whileClosing(() => shop.find({}))).toEqual(['answer', 'answer', 'answer']);
  expect(replaced, 'our client met the closing connections, too').toContain('retry');

  replaced.length = 0;
  executed = 0;
  expect(await whileClosing(() => shop.order({}))).toEqual(['answer', 'answer', 'answer']);
  expect([executed, replaced], 'what must not be repeated is sent once').toEqual([6, []]);
});

test('a long-lived signal keeps the listeners of ended fetches until the garbage collector runs (undici #3157, node #52635)', async () => {
  const { url } = await standIn((_req, res) => res.writeHead(200, JSON_TYPE).end(OK));
  /** The most listeners that the signal has between two calls, one call after another. */
  const mostListeners = async (call: (signal: AbortSignal) => Promise<unknown>) => {
    const { signal } = new AbortController();
    let most = 0;
    for (let n = 0; n < 200; n++) {
      await call(signal);
      most = Math.max(most, getEventListeners(signal, 'abort').length);
    }
    return most;
  };
  expect(await mostListeners(async (signal) => (await fetch(url, { signal })).json())).toBeGreaterThan(10);

  const shop = shopAt(url, limitedAttempts(5_000));
  expect(await mostListeners((signal) => shop.find({}, { signal }))).toBe(0);
});
