/** Traps of cockatiel 4.x, on virtual time. In each test the naive policy falls in; then ours does not. */
import { type BreakerOptions, CallError, compose, createBreaker, systemClock, type Transport } from '@halfopen/client';
import {
  ConsecutiveBreaker,
  ConstantBackoff,
  circuitBreaker,
  retry as cockatielRetry,
  handleAll,
  wrap,
} from 'cockatiel';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { shopBehind, threeAttempts } from './shop.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});
const advance = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** A downstream that refuses every connection. */
const down = () => Promise.reject(new CallError('unreachable', 'refused'));
const hanging = () => new Promise<never>(() => undefined);
const well: Transport['send'] = async () => ({
  status: 200,
  contentType: 'application/json',
  cacheControl: undefined,
  contentEncoding: undefined,
  retryAfterMs: undefined,
  fault: undefined,
  body: new TextEncoder().encode('{"ok":true}'),
});

/** How a promise has ended so far: a value, the code or name of an error, or `pending`. */
function track(promise: Promise<unknown>): { outcome: unknown } {
  const seen: { outcome: unknown } = { outcome: 'pending' };
  promise.then(
    (value) => {
      seen.outcome = value;
    },
    (error: Error & { code?: string }) => {
      seen.outcome = error.code ?? error.constructor.name;
    },
  );
  return seen;
}

const breakerOf = (changes: Partial<BreakerOptions> = {}) =>
  createBreaker({
    windowMs: 10_000,
    minimumCalls: 10,
    slowCallMs: 400,
    failureRate: 0.5,
    openMs: 250,
    maxOpenMs: 1_000,
    probeLeaseMs: 750,
    fairChanceMs: 250,
    clock: systemClock,
    random: () => 0,
    onEvent: () => undefined,
    ...changes,
  });

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

test('a caller who leaves during a back-off is kept, and the call is made again', async () => {
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

test('a half-open probe that hangs makes every other caller hang, too (cockatiel #112, #107, #91)', async () => {
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

  send = well;
  const naiveCaller = track(naive.execute(async () => 'answer'));
  const refused = track(shop.find({}));
  await advance(0);
  expect(refused.outcome, 'ours is refused at once').toBe('breaker_open');
  await advance(750);
  const probe = track(shop.find({}));
  await advance(0);
  expect(probe.outcome, 'and answered when the lease of the probe has ended').toEqual({ ok: true });
  await advance(3_600_000);
  expect(naiveCaller.outcome).toBe('pending');
  breaker.close();
});

test('a retry inside the breaker hides three of four failures from it: 40 hits until it opens, not 10', async () => {
  const hitsUntilOpen = async (call: (send: () => Promise<never>) => Promise<unknown>): Promise<number> => {
    const send = vi.fn(down);
    for (let n = 0; n < 100; n++) {
      const seen = track(call(send));
      await advance(200);
      if (seen.outcome === 'BrokenCircuitError' || seen.outcome === 'breaker_open') return send.mock.calls.length;
    }
    throw new Error('it has not opened');
  };
  const naiveRetry = cockatielRetry(handleAll, { maxAttempts: 3 });
  const naiveBreaker = () => circuitBreaker(handleAll, { halfOpenAfter: 60_000, breaker: new ConsecutiveBreaker(10) });
  const inside = wrap(naiveBreaker(), naiveRetry);
  expect(await hitsUntilOpen((send) => inside.execute(send))).toBe(40);

  const breaker = breakerOf({ openMs: 60_000, maxOpenMs: 60_000 });
  const outside = compose(threeAttempts({ attempts: 4, baseMs: 1 }), breaker.policy);
  expect(await hitsUntilOpen((send) => shopBehind(send, outside).find({}))).toBe(10);
  breaker.close();
});
