/**
 * Traps of opossum 10 when it wraps the call, on virtual time. Each test shows the naive use fall in; then ours does not. Two traps have
 * no counterpart in ours: no breaker of ours is restored from a saved state, and none runs a health check.
 */
import {
  attemptTimeout,
  type CallContext,
  CallError,
  coalesce,
  compose,
  createBulkhead,
  deadline,
} from '@halfopen/client';
import { taking, testContext, track, unreachable } from '@halfopen/testing';
import CircuitBreaker from 'opossum';
import { expect, test, vi } from 'vitest';
import { defaultBreaker } from '../../src/stage/breaker.ts';
import { pause } from '../../src/stage/observe.ts';
import { useVirtualGlobalTimers } from './global-timers.ts';

const { clock, advance, pending } = useVirtualGlobalTimers();

/** The open time is 250 ms, without jitter. */
const breakerOf = () => defaultBreaker({ random: () => 0 });

/** opossum with our minimum of calls and our open time, and without a timeout. */
const SET = { timeout: false, volumeThreshold: 20, resetTimeout: 250 } as const;

const bulkheadOf = (maxInFlight: number) => createBulkhead({ maxInFlight, maxQueued: 0 });

type Act = () => Promise<unknown>;
const answer: Act = async () => 'answer';
const fail: Act = () => Promise.reject(unreachable());
const hang: Act = () => new Promise(() => undefined);

/** A naive breaker and one of ours, and a way to send a call through each. */
function sideBySide(options: CircuitBreaker.Options = {}) {
  const naive = new CircuitBreaker((act: Act) => act(), { ...SET, ...options });
  const breaker = breakerOf();
  return {
    /** Sends the same call through both. */
    both: (act: Act) => ({ naive: track(naive.fire(act)), ours: track(breaker.policy(act)(testContext())) }),
    async open() {
      for (let call = 0; call < 20; call++) this.both(fail);
      await advance(0);
      expect(this.states()).toEqual(['open', 'open']);
    },
    /** Of the naive one, then ours. */
    states: () => [naive.opened ? 'open' : naive.halfOpen ? 'half_open' : 'closed', breaker.state],
    close() {
      naive.shutdown();
      breaker.close();
    },
  };
}

test('a timeout does not cancel: the work is done for nobody (opossum #673)', async () => {
  let done = 0;
  const work = async (signal?: AbortSignal) => {
    await taking(1_000, 'answer')(testContext(signal === undefined ? {} : { signal }));
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
  const calls = Array.from({ length: 10 }, () => track(ours(testContext())));
  await advance(2_000);
  expect(new Set(calls.map(({ outcome }) => outcome))).toEqual(new Set(['attempt_timeout']));
  expect(done).toBe(0);
});

test('its timeout frees the place while the work runs: 20 at once with a capacity of two (opossum #673)', async () => {
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
  await twoEvery100Ms(() => ours(testContext()));
  expect(most).toBe(2);
});

test('one AbortController for all calls: one timeout aborts twenty healthy calls (opossum #780)', async () => {
  const answerAfter = (ms: number, signal: AbortSignal) => taking(ms, 'answer')(testContext({ signal }));
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
  const ours = (ms: number) => limited(({ signal }) => answerAfter(ms, signal))(testContext());
  expect(await outcomes(ours)).toEqual(['attempt_timeout', 'answer']);
});

test('a renewed AbortController is renewed too late: the call after a timeout starts aborted (opossum #861)', async () => {
  // `getSignal` is missing from the types.
  const naive: CircuitBreaker<[number], string> & { readonly getSignal?: () => AbortSignal } = new CircuitBreaker(
    (ms) => taking(ms, 'answer')(testContext({ signal: (naive.getSignal as () => AbortSignal)() })),
    {
      timeout: 100,
      volumeThreshold: 100,
      abortController: new AbortController(),
      autoRenewAbortController: true,
    },
  );
  const late = track(naive.fire(1_000));
  await advance(100);
  const next = track(naive.fire(50));
  await advance(1_000);
  expect([late.outcome, next.outcome, naive.closed]).toEqual(['ETIMEDOUT', 'cancelled', true]);
  naive.shutdown();

  const limited = attemptTimeout({ timeoutMs: 100, clock });
  const slow = track(limited(taking(1_000, 'answer'))(testContext()));
  await advance(100);
  const healthy = track(limited(taking(50, 'answer'))(testContext()));
  await advance(1_000);
  expect([slow.outcome, healthy.outcome]).toEqual(['attempt_timeout', 'answer']);
});

test('the first failure opens it (opossum #217)', async () => {
  const naive = new CircuitBreaker(() => Promise.reject(unreachable()));
  await naive.fire().catch(() => undefined);
  expect(naive.opened).toBe(true);
  naive.shutdown();

  const ours = breakerOf();
  await ours
    .policy(() => Promise.reject(unreachable()))(testContext())
    .catch(() => undefined);
  expect(ours.state).toBe('closed');
  ours.close();
});

test('a single 404 opens it, although the dependency is healthy (opossum #80)', async () => {
  const notFound = () => Promise.reject(new CallError('remote_refused', '', { status: 404, sent: 'answered' }));
  const naive = new CircuitBreaker(notFound);
  await naive.fire().catch(() => undefined);
  expect(naive.opened).toBe(true);
  naive.shutdown();

  const ours = breakerOf();
  for (let call = 0; call < 100; call++)
    await ours
      .policy(notFound)(testContext())
      .catch(() => undefined);
  expect(ours.state).toBe('closed');
  ours.close();
});

test('its own bulkhead refusals open it, although the dependency is healthy (kin of opossum #45)', async () => {
  const healthy = () => taking(100, 'answer')(testContext());
  const naive = new CircuitBreaker(healthy, { capacity: 1, timeout: false, volumeThreshold: 20 });
  for (let call = 0; call < 50; call++) track(naive.fire());
  await advance(100);
  expect(naive.opened).toBe(true);
  naive.shutdown();

  const breaker = breakerOf();
  // Even in the wrong order: our standard policy puts the bulkhead outside the breaker.
  const ours = compose(breaker.policy, bulkheadOf(1).policy)(healthy);
  for (let call = 0; call < 50; call++) track(ours(testContext()));
  await advance(100);
  expect(breaker.state).toBe('closed');
  breaker.close();
});

test('answers from its cache hide failures: after 1,000 of them, 900 failures do not open it (opossum #119, #481)', async () => {
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
  await Promise.all(Array.from({ length: 1_000 }, () => ours(testContext({ input: 0 }))));
  for (let call = 1; call <= 20; call++) await ours(testContext({ input: call })).catch(() => undefined);
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
        .policy(() => act(ok))(testContext())
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

test('calls in flight hide failures: 250 failures of 500 concurrent calls do not open it (opossum #119, #481)', async () => {
  const system = sideBySide();
  for (let call = 0; call < 250; call++) system.both(hang);
  for (let call = 0; call < 250; call++) system.both(fail);
  await advance(0);
  expect(system.states()).toEqual(['closed', 'open']);
  system.close();
});

test('a late success of a call from before the opening closes it', async () => {
  const system = sideBySide();
  const { naive, ours } = system.both(() => taking(400, 'late')(testContext()));
  await system.open();
  await advance(300);
  expect(system.states()).toEqual(['half_open', 'half_open']);
  await advance(100);
  expect([naive.outcome, ours.outcome]).toEqual(['late', 'late']);
  expect(system.states()).toEqual(['closed', 'half_open']);
  system.close();
});

test("a caller's cancel, filtered by `errorFilter`, counts as a success and closes it (kin of Polly #311, #389)", async () => {
  const system = sideBySide({ errorFilter: ({ code }: { readonly code?: string }) => code === 'cancelled' });
  await system.open();
  await advance(250);
  system.both(() => Promise.reject(new CallError('cancelled', 'the caller left')));
  await advance(0);
  expect(system.states()).toEqual(['closed', 'half_open']);
  system.close();
});

test('a probe that hangs keeps it half-open: healthy calls are refused for ever (opossum #388, #57)', async () => {
  const system = sideBySide();
  await system.open();
  await advance(250);
  system.both(hang);
  await advance(3_600_000);
  const { naive, ours } = system.both(answer);
  await advance(0);
  expect([naive.outcome, ours.outcome]).toEqual(['EOPENBREAKER', 'answer']);
  expect(system.states()).toEqual(['half_open', 'closed']);
  system.close();
});

test('its window outlives the close: one failure after the recovery opens it again (opossum #481)', async () => {
  const system = sideBySide();
  await system.open();
  await advance(250);
  system.both(answer);
  await advance(0);
  expect(system.states()).toEqual(['closed', 'closed']);
  system.both(fail);
  await advance(0);
  expect(system.states()).toEqual(['open', 'closed']);
  system.close();
});

test('its cache does not share calls in flight: 50 equal calls are 50 requests', async () => {
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
  for (let call = 0; call < 50; call++) track(ours(testContext()));
  await advance(100);
  expect(requests).toBe(1);
});

test('each failure sorts every latency of its window (opossum #830)', async () => {
  const CALLS = 2_000;
  /** The most elements that one failure sorts after many successes. */
  const sortedBy = async (call: (act: Act) => Promise<unknown>) => {
    for (let n = 0; n < CALLS; n++) await call(answer);
    const sort = vi.spyOn(Array.prototype, 'sort');
    await call(fail).catch(() => undefined);
    const lengths = sort.mock.contexts.map((array) => (array as unknown[]).length);
    sort.mockRestore();
    return Math.max(0, ...lengths);
  };
  const naive = new CircuitBreaker((act: Act) => act(), SET);
  expect(await sortedBy((act) => naive.fire(act))).toBeGreaterThanOrEqual(CALLS);
  naive.shutdown();

  const breaker = breakerOf();
  expect(await sortedBy((act) => breaker.policy(act)(testContext()))).toBe(0);
  breaker.close();
});

test('each breaker runs intervals, even without calls (opossum #799)', () => {
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
  await expect(ours.policy(nothing)(testContext())).resolves.toBeUndefined();
  ours.close();
});
