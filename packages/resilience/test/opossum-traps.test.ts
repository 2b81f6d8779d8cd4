/**
 * Traps of opossum 10 when it wraps the call. In each test the naive use falls in; then ours does not. Those of its
 * states (late successes, probes that hang or are cancelled, a window that outlives a close) are in breaker.test.ts.
 * Two cannot be met: no breaker of ours is restored from a saved state, and none runs a health check.
 */
import CircuitBreaker from 'opossum';
import { expect, test } from 'vitest';
import {
  attemptTimeout,
  type BreakerOptions,
  type CallContext,
  CallError,
  coalesce,
  compose,
  createBreaker,
  createBulkhead,
  deadline,
} from '../src/index.ts';
import { breakerOptions, context, taking, track, unreachable, useVirtualTime } from './virtual-time.ts';

const { clock, advance, pending } = useVirtualTime();

const breakerOf = (changes: Partial<BreakerOptions> = {}) => createBreaker(breakerOptions({ clock, ...changes }));

const bulkheadOf = (maxInFlight: number) => createBulkhead({ maxInFlight, maxQueued: 0, onEvent: () => undefined });

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

test('a timeout does not cancel: the work is done for nobody (opossum #673)', async () => {
  let done = 0;
  const work = async (signal?: AbortSignal) => {
    await taking(1_000, 'answer')(context(signal === undefined ? {} : { signal }));
    done++;
  };
  const naive = new CircuitBreaker(() => work(), { timeout: 100, volumeThreshold: 20 });
  const naiveCalls = Array.from({ length: 10 }, () => track(naive.fire()));
  await advance(2_000);
  expect(new Set(naiveCalls.map(({ outcome }) => outcome))).toEqual(new Set(['ETIMEDOUT']));
  expect(done).toBe(10);
  naive.shutdown();

  done = 0;
  const ours = attemptTimeout({ timeoutMs: 100, clock })(({ signal }) => work(signal));
  const calls = Array.from({ length: 10 }, () => track(ours(context())));
  await advance(2_000);
  expect(new Set(calls.map(({ outcome }) => outcome))).toEqual(new Set(['attempt_timeout']));
  expect(done).toBe(0);
});

test('a place is freed while the work runs: 20 at once with a capacity of two (opossum #673)', async () => {
  let running = 0;
  let most = 0;
  const stubborn = async () => {
    most = Math.max(most, ++running);
    await pause(1_000);
    running--;
  };
  const twoEvery100Ms = async (call: () => Promise<unknown>) => {
    for (let n = 0; n < 20; n++) {
      track(call());
      track(call());
      await advance(100);
    }
    await advance(2_000);
  };
  const naive = new CircuitBreaker(stubborn, { timeout: 100, capacity: 2, volumeThreshold: 1_000 });
  await twoEvery100Ms(() => naive.fire());
  expect(most).toBeGreaterThanOrEqual(20);
  naive.shutdown();

  most = 0;
  const ours = compose(deadline({ timeoutMs: 100, clock }), bulkheadOf(2).policy)(stubborn);
  await twoEvery100Ms(() => ours(context()));
  expect(most).toBe(2);
});

test('one AbortController for all: one timeout aborts twenty healthy calls (opossum #780, #861)', async () => {
  const answerAfter = (ms: number, signal: AbortSignal) => taking(ms, 'answer')(context({ signal }));
  const outcomes = async (call: (ms: number) => Promise<unknown>) => {
    const slow = track(call(60_000));
    await advance(90);
    const healthy = Array.from({ length: 20 }, () => track(call(50)));
    await advance(1_000);
    return [slow.outcome, ...new Set(healthy.map(({ outcome }) => outcome))];
  };
  const abortController = new AbortController();
  const naive = new CircuitBreaker((ms: number) => answerAfter(ms, abortController.signal), {
    timeout: 100,
    volumeThreshold: 100,
    abortController,
  });
  expect(await outcomes((ms) => naive.fire(ms))).toEqual(['ETIMEDOUT', 'cancelled']);
  naive.shutdown();

  const limited = attemptTimeout({ timeoutMs: 100, clock });
  const ours = (ms: number) => limited(({ signal }) => answerAfter(ms, signal))(context());
  expect(await outcomes(ours)).toEqual(['attempt_timeout', 'answer']);
});

test('the first failure opens it (opossum #217)', async () => {
  const naive = new CircuitBreaker(() => Promise.reject(unreachable()));
  await naive.fire().catch(() => undefined);
  expect(naive.opened).toBe(true);
  naive.shutdown();

  const ours = breakerOf();
  await ours
    .policy(() => Promise.reject(unreachable()))(context())
    .catch(() => undefined);
  expect(ours.state).toBe('closed');
  ours.close();
});

test('a 404 opens it, though the other side is well (opossum #80)', async () => {
  const notFound = () => Promise.reject(new CallError('remote_refused', '', { status: 404, sent: 'answered' }));
  const naive = new CircuitBreaker(notFound);
  await naive.fire().catch(() => undefined);
  expect(naive.opened).toBe(true);
  naive.shutdown();

  const ours = breakerOf();
  for (let call = 0; call < 100; call++)
    await ours
      .policy(notFound)(context())
      .catch(() => undefined);
  expect(ours.state).toBe('closed');
  ours.close();
});

test('its own refusals for want of a place open it, though the other side is well (kin of opossum #45)', async () => {
  const healthy = () => taking(100, 'answer')(context());
  const naive = new CircuitBreaker(healthy, { capacity: 1, timeout: false, volumeThreshold: 20 });
  for (let call = 0; call < 50; call++) track(naive.fire());
  await advance(100);
  expect(naive.opened).toBe(true);
  naive.shutdown();

  const breaker = breakerOf();
  // Even in an order that is not ours: the bulkhead stands outside.
  const ours = compose(breaker.policy, bulkheadOf(1).policy)(healthy);
  for (let call = 0; call < 50; call++) track(ours(context()));
  await advance(100);
  expect(breaker.state).toBe('closed');
  breaker.close();
});

test('answers from its cache hide failures: after 1,000 of them 900 in a row do not open it (opossum #119, #481)', async () => {
  const act = async (input: number) => {
    if (input > 0) throw unreachable();
    return 'answer';
  };
  const naive = new CircuitBreaker(act, { cache: true, timeout: false, volumeThreshold: 20 });
  for (let call = 0; call < 1_000; call++) await naive.fire(0);
  for (let call = 1; call <= 900; call++) await naive.fire(call).catch(() => undefined);
  expect(naive.opened).toBe(false);
  naive.shutdown();

  const breaker = breakerOf();
  const shared = coalesce({ keyOf: ({ input }) => String(input), timeoutMs: 2_000, clock });
  const ours = compose(shared, breaker.policy)(({ input }: CallContext) => act(Number(input)));
  await Promise.all(Array.from({ length: 1_000 }, () => ours(context({ input: 0 }))));
  for (let call = 1; call <= 20; call++) await ours(context({ input: call })).catch(() => undefined);
  expect(breaker.state).toBe('open');
  breaker.close();
});

test('calls that it refused hide failures after it has closed (opossum #119, #481)', async () => {
  const act = (ok: boolean) => (ok ? Promise.resolve('answer') : Promise.reject(unreachable()));
  const naive = new CircuitBreaker(act, { timeout: false, volumeThreshold: 20, resetTimeout: 250 });
  const breaker = breakerOf();
  const both = async (ok: boolean, count: number) => {
    for (let call = 0; call < count; call++) {
      await naive.fire(ok).catch(() => undefined);
      await breaker
        .policy(() => act(ok))(context())
        .catch(() => undefined);
    }
  };
  await both(false, 20);
  await both(true, 500);
  expect([naive.opened, breaker.state]).toEqual([true, 'open']);
  await advance(250);
  await both(true, 1);
  expect([naive.closed, breaker.state]).toEqual([true, 'closed']);
  await both(false, 200);
  expect([naive.closed, breaker.state]).toEqual([true, 'open']);
  naive.shutdown();
  breaker.close();
});

test('a cache does not share calls in flight: 50 equal ones are 50 requests', async () => {
  let requests = 0;
  const act = async () => {
    requests++;
    await pause(100);
    return 'answer';
  };
  const naive = new CircuitBreaker(act, { cache: true, timeout: false });
  for (let call = 0; call < 50; call++) track(naive.fire());
  await advance(100);
  expect(requests).toBe(50);
  naive.shutdown();

  requests = 0;
  const ours = coalesce({ keyOf: () => 'same', timeoutMs: 2_000, clock })(act);
  for (let call = 0; call < 50; call++) track(ours(context()));
  await advance(100);
  expect(requests).toBe(1);
});

test('each failure sorts every latency of its window: it costs more the more is going on (opossum #830)', async () => {
  const CALLS = 20_000;
  const FAILURES = 20;
  /** Real nanoseconds of the cheapest failure, before and after many successes. */
  const growth = async (call: (ok: boolean) => Promise<unknown>) => {
    const cheapest = async () => {
      let least = Number.POSITIVE_INFINITY;
      for (let failure = 0; failure < FAILURES; failure++) {
        const startedAt = process.hrtime.bigint();
        await call(false).catch(() => undefined);
        least = Math.min(least, Number(process.hrtime.bigint() - startedAt));
      }
      return least;
    };
    for (let n = 0; n < 100; n++) await call(true);
    const few = await cheapest();
    for (let n = 0; n < CALLS; n++) await call(true);
    return (await cheapest()) / few;
  };
  const act = (ok: boolean) => (ok ? Promise.resolve() : Promise.reject(unreachable()));
  const naive = new CircuitBreaker(act, { timeout: false, volumeThreshold: 20 });
  const naiveGrowth = await growth((ok) => naive.fire(ok));
  naive.shutdown();

  const breaker = breakerOf();
  const ourGrowth = await growth((ok) => breaker.policy(() => act(ok))(context()));
  expect([naive.opened, breaker.state]).toEqual([false, 'closed']);
  breaker.close();
  expect(naiveGrowth).toBeGreaterThan(20);
  expect(ourGrowth).toBeLessThan(5);
});

test('intervals for each breaker, calls or none (opossum #799)', () => {
  const naive = new CircuitBreaker(async () => 'answer');
  expect(pending()).toBeGreaterThan(0);
  naive.shutdown();

  expect(pending()).toBe(0);

  const ours = breakerOf();
  expect(pending()).toBe(0);
  ours.close();
});

test('an action that returns nothing fails with "reading \'then\'" (opossum #363)', async () => {
  const nothing = () => undefined as unknown as Promise<void>;
  const naive = new CircuitBreaker(nothing);
  await expect(naive.fire()).rejects.toThrow("reading 'then'");
  naive.shutdown();

  const ours = breakerOf();
  await expect(ours.policy(nothing)(context())).resolves.toBeUndefined();
  ours.close();
});
