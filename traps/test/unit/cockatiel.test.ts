/** Traps of cockatiel 4.x, on virtual time. Each test shows the naive policy fall in; then ours does not. */
import { compose, deadline, type Transport } from '@halfopen/client';
import { taking, testContext, track, unreachable } from '@halfopen/testing';
import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  ConstantBackoff,
  circuitBreaker,
  retry as cockatielRetry,
  timeout as cockatielTimeout,
  handleAll,
  TimeoutStrategy,
  wrap,
} from 'cockatiel';
import { expect, test, vi } from 'vitest';
import { defaultBreaker } from '../../src/stage/breaker.ts';
import { OK } from '../../src/stage/on-sockets.ts';
import { shopBehind, threeAttempts } from '../../src/stage/shop.ts';
import { useVirtualGlobalTimers } from './global-timers.ts';

const { advance } = useVirtualGlobalTimers();

/** A downstream that refuses every connection. */
const down = () => Promise.reject(unreachable());
const hanging = () => new Promise<never>(() => undefined);
const healthy: Transport['send'] = async () => ({
  status: 200,
  contentType: 'application/json',
  cacheControl: undefined,
  contentEncoding: undefined,
  retryAfterMs: undefined,
  fault: undefined,
  body: new TextEncoder().encode(OK),
});

/** Ours with the smaller minimum of calls that the naive breaker has here. */
const breakerOf = (changes: Parameters<typeof defaultBreaker>[0] = {}) =>
  defaultBreaker({ minimumCalls: 10, random: () => 0, ...changes });

test('retry(handleAll, {}) never gives up and never waits', async () => {
  const caller = new AbortController();
  const naive = vi.fn(down);
  const endless = track(cockatielRetry(handleAll, {}).execute(naive, caller.signal));
  await advance(1_000);
  expect(endless.outcome).toBe('pending');
  expect(naive.mock.calls.length).toBeGreaterThan(500);
  caller.abort();

  const ours = vi.fn(down);
  const ended = track(shopBehind(ours, threeAttempts()).find({}));
  await advance(1_000);
  expect(ended.outcome).toBe('unreachable');
  expect(ours).toHaveBeenCalledTimes(3);
});

test('a caller who leaves during a back-off is kept waiting, and the call is made again', async () => {
  const caller = new AbortController();
  const naive = vi.fn(down);
  const backoff = new ConstantBackoff(1_000);
  const kept = track(cockatielRetry(handleAll, { maxAttempts: 3, backoff }).execute(naive, caller.signal));
  const ours = vi.fn(down);
  const freed = track(shopBehind(ours, threeAttempts({ baseMs: 1_000 })).find({}, { signal: caller.signal }));
  await advance(100);
  caller.abort();
  await advance(0);
  expect([kept.outcome, freed.outcome]).toEqual(['pending', 'cancelled']);
  await advance(10_000);
  expect(naive).toHaveBeenCalledTimes(2);
  expect(ours).toHaveBeenCalledTimes(1);
});

test('a half-open probe that hangs makes every other caller hang (kin of cockatiel #112, #107, #91)', async () => {
  const naive = circuitBreaker(handleAll, { halfOpenAfter: 250, breaker: new ConsecutiveBreaker(10) });
  const breaker = breakerOf();
  let send: Transport['send'] = down;
  const shop = shopBehind((request, context) => send(request, context), breaker.policy);
  for (let call = 0; call < 10; call++) {
    track(naive.execute(down));
    track(shop.find({}));
    await advance(0);
  }
  await advance(250);
  send = hanging;
  track(naive.execute(hanging));
  track(shop.find({}));

  send = healthy;
  const naiveCaller = track(naive.execute(async () => 'answer'));
  const refused = track(shop.find({}));
  await advance(0);
  expect(refused.outcome, 'ours refuses at once').toBe('breaker_open');
  await advance(750);
  const probe = track(shop.find({}));
  await advance(0);
  expect(probe.outcome, 'ours answers once the lease of the probe has ended').toEqual({ ok: true });
  await advance(3_600_000);
  expect(naiveCaller.outcome).toBe('pending');
  breaker.close();
});

test('a retry inside the breaker hides three of four failures from it: 40 requests until it opens, not 10', async () => {
  const requestsUntilOpen = async (call: (send: () => Promise<never>) => Promise<unknown>): Promise<number> => {
    const send = vi.fn(down);
    for (let n = 0; n < 100; n++) {
      const seen = track(call(send));
      await advance(200);
      if (seen.outcome instanceof BrokenCircuitError || seen.outcome === 'breaker_open') return send.mock.calls.length;
    }
    throw new Error('it never opened');
  };
  const naiveRetry = cockatielRetry(handleAll, { maxAttempts: 3 });
  const naiveBreaker = () => circuitBreaker(handleAll, { halfOpenAfter: 60_000, breaker: new ConsecutiveBreaker(10) });
  const inside = wrap(naiveBreaker(), naiveRetry);
  expect(await requestsUntilOpen((send) => inside.execute(send))).toBe(40);

  const breaker = breakerOf({ openMs: 60_000, maxOpenMs: 60_000 });
  const outside = compose(threeAttempts({ attempts: 4, baseMs: 1 }), breaker.policy);
  expect(await requestsUntilOpen((send) => shopBehind(send, outside).find({}))).toBe(10);
  breaker.close();
});

test('a breaker inside a timeout that does not cancel never hears of a failure, and never opens (moleculer #1202)', async () => {
  const naiveBreaker = circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(10) });
  const naive = wrap(cockatielTimeout(300, TimeoutStrategy.Aggressive), naiveBreaker);
  const naiveCalls = Array.from({ length: 40 }, () => track(naive.execute(hanging)));
  await advance(300);
  expect(naiveCalls.filter(({ outcome }) => outcome !== 'pending')).toHaveLength(40);
  expect(naiveBreaker.state).toBe(CircuitState.Closed);

  const breaker = breakerOf();
  const limited = deadline({ timeoutMs: 300 });
  const ours = compose(limited, breaker.policy)(taking(60_000, 'too late'));
  const calls = Array.from({ length: 40 }, () => track(ours(testContext())));
  await advance(300);
  expect(calls.filter(({ outcome }) => outcome === 'deadline_exceeded')).toHaveLength(40);
  expect(breaker.state).toBe('open');
  breaker.close();
});
