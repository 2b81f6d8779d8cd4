/** Traps of policies put together, on real sockets. In each test the naive stack falls in; then ours does not. */
import { compose, createBreaker, deadline, systemClock } from '@halfopen/client';
import axios from 'axios';
import axiosRetry from 'axios-retry';
import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleAll, TimeoutStrategy, timeout, wrap } from 'cockatiel';
import { expect, test } from 'vitest';
import { get, standIn, startEdge } from '../harness/system.ts';
import { shopAt } from './shop.ts';

test('three hops that retry three times each: one call of a user becomes 64 (axios-retry)', async () => {
  let requests = 0;
  const leaf = await standIn((_req, res) => {
    requests++;
    res.writeHead(503).end();
  });
  const naiveHop = (next: string) => {
    const http = axios.create();
    axiosRetry(http, { retries: 3 });
    return standIn((_req, res) => {
      http.get(next).then(
        () => res.end(),
        () => res.writeHead(503).end(),
      );
    });
  };
  const naive = await naiveHop((await naiveHop((await naiveHop(leaf.url)).url)).url);
  await get(naive.url);
  expect(requests).toBe(64);

  requests = 0;
  // An edge speaks the contract of a greeter, so edges can be put before each other.
  const ours = await startEdge((await startEdge((await startEdge(leaf.url)).url)).url);
  await get(`${ours.url}/hello`);
  // Each hop may retry three times before it has seen a success, whoever asks it.
  expect(requests).toBeGreaterThanOrEqual(1);
  expect(requests).toBeLessThanOrEqual(1 + 3 * 3);
  requests = 0;
  for (let call = 0; call < 50; call++) await get(`${ours.url}/hello`);
  expect(requests).toBeLessThanOrEqual(50 + 3 * 3);
});

test('a breaker inside a timeout that does not cancel hears of nothing and never opens (moleculer #1202)', async () => {
  const { url } = await standIn(() => undefined);
  const naiveBreaker = circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(10) });
  const naive = wrap(timeout(100, TimeoutStrategy.Aggressive), naiveBreaker);
  const left = new AbortController();
  const naiveCalls = Array.from({ length: 40 }, () => naive.execute(() => axios.get(url, { signal: left.signal })));
  const ended = await Promise.allSettled(naiveCalls);
  expect(ended.filter(({ status }) => status === 'rejected')).toHaveLength(40);
  expect(naiveBreaker.state).toBe(CircuitState.Closed);
  left.abort();

  const breaker = createBreaker({
    windowMs: 10_000,
    minimumCalls: 10,
    slowCallMs: 400,
    failureRate: 0.5,
    openMs: 250,
    maxOpenMs: 1_000,
    probeLeaseMs: 750,
    fairChanceMs: 250,
    clock: systemClock,
    random: Math.random,
    onEvent: () => undefined,
  });
  const shop = shopAt(url, compose(deadline({ timeoutMs: 300, clock: systemClock }), breaker.policy));
  await Promise.allSettled(Array.from({ length: 40 }, () => shop.find({})));
  expect(breaker.state).toBe('open');
  breaker.close();
});
