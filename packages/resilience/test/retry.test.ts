import { describe, expect, test, vi } from 'vitest';
import {
  type CallContext,
  CallError,
  createRetryBudget,
  isRetryable,
  type PolicyEvent,
  type RetryOptions,
  retry,
  type Safety,
} from '../src/index.ts';
import { context, remoteError, track, unreachable, useVirtualTime } from './virtual-time.ts';

const { clock, advance, pending } = useVirtualTime();

function setup(changes: Partial<RetryOptions> = {}) {
  const events: PolicyEvent[] = [];
  const budget = changes.budget ?? createRetryBudget({ ratio: 0.1, capacity: 20, initial: 20 });
  const options: RetryOptions = {
    attempts: 3,
    baseMs: 50,
    capMs: 1_000,
    clock,
    random: () => 1,
    onEvent: (event) => events.push(event),
    ...changes,
    budget,
  };
  return { policy: retry(options), budget, events };
}

/** A call that fails with these errors in turn, then answers; and when it was called. */
function failing(...errors: Error[]) {
  const calls: { readonly atMs: number; readonly attempt: number }[] = [];
  const call = async ({ attempt }: CallContext) => {
    calls.push({ atMs: clock.now(), attempt });
    const error = errors[calls.length - 1];
    if (error !== undefined) throw error;
    return 'answer';
  };
  return { call, calls };
}

const lost = new CallError('connection_lost', 'reset', { sent: 'perhaps' });
const timedOut = new CallError('attempt_timeout', 'slow', { sent: 'perhaps' });
const throttled = new CallError('overloaded', '429', { sent: 'answered', status: 429 });

describe('what may be repeated', () => {
  const table: [string, CallError, Record<Safety, boolean>][] = [
    ['never sent', unreachable(), { safe: true, idempotent: true, unsafe: true }],
    ['reset: perhaps done (axios-retry #66 did it four times)', lost, { safe: true, idempotent: true, unsafe: false }],
    ['attempt timeout: perhaps done', timedOut, { safe: true, idempotent: true, unsafe: false }],
    ['502: perhaps done behind it', remoteError(502), { safe: true, idempotent: true, unsafe: false }],
    ['504: perhaps done behind it', remoteError(504), { safe: true, idempotent: true, unsafe: false }],
    ['503: not done', remoteError(503), { safe: true, idempotent: true, unsafe: true }],
    ['429: not done', throttled, { safe: true, idempotent: true, unsafe: true }],
    ['500: an answer', remoteError(500), { safe: false, idempotent: false, unsafe: false }],
  ];
  for (const [what, error, allowed] of table) {
    test.each(Object.entries(allowed))(`${what}, %s → %s`, (safety, expected) => {
      const ctx = context({ operation: { name: 'op', safety: safety as Safety } });
      expect(isRetryable(error, ctx)).toBe(expected);
    });
  }

  test.each([
    'bad_request',
    'cancelled',
    'deadline_exceeded',
    'bad_response',
    'remote_refused',
    'breaker_open',
    'budget_exhausted',
    'internal',
  ] as const)('%s is final', (code) => {
    expect(isRetryable(new CallError(code, ''), context())).toBe(false);
  });

  test('what says that it is final', () => {
    expect(isRetryable(new CallError('unreachable', '', { final: true }), context())).toBe(false);
  });

  test('our own refusal (bulkhead) is final', () => {
    expect(isRetryable(new CallError('overloaded', ''), context())).toBe(false);
  });
});

describe('retry', () => {
  test('tries again after full jitter, numbering the attempts', async () => {
    const { policy, events } = setup();
    const { call, calls } = failing(unreachable(), remoteError(503));
    const seen = track(policy(call)(context()));
    await advance(150);
    expect(seen.outcome).toBe('answer');
    const [first] = calls;
    expect(calls.map(({ atMs, attempt }) => [atMs - (first?.atMs ?? 0), attempt])).toEqual([
      [0, 1],
      [50, 2],
      [150, 3],
    ]);
    expect(events.map((event) => event.type === 'retry' && [event.reason, event.attempt])).toEqual([
      ['unreachable', 1],
      ['remote_error', 2],
    ]);
  });

  test('gives up after the last attempt, with its error', async () => {
    const { policy } = setup();
    const { call, calls } = failing(unreachable(), unreachable(), remoteError(503), unreachable());
    const seen = track(policy(call)(context()));
    await advance(10_000);
    expect(seen.outcome).toBe('remote_error');
    expect(calls).toHaveLength(3);
  });

  test('an error that is not of a call is a bug: it is not repeated', async () => {
    const { policy } = setup();
    const { call, calls } = failing(new TypeError('x is not a function'));
    await expect(policy(call)(context())).rejects.toThrow(TypeError);
    expect(calls).toHaveLength(1);
  });

  test('no back-off is slept that cannot end before the deadline', async () => {
    const { policy, budget } = setup();
    const { call, calls } = failing(unreachable());
    const seen = track(policy(call)(context({ deadlineAt: clock.now() + 50 })));
    await advance(0);
    expect(seen.outcome).toBe('unreachable');
    expect(calls).toHaveLength(1);
    expect(budget.remaining, 'and no token is taken for it').toBe(20);
  });

  test('a back-off that leaves one useful millisecond is slept', async () => {
    const { policy } = setup();
    const { call, calls } = failing(unreachable());
    const seen = track(policy(call)(context({ deadlineAt: clock.now() + 51 })));
    await advance(50);
    expect(seen.outcome).toBe('answer');
    expect(calls).toHaveLength(2);
  });

  test('no attempt starts when waiting for a place has taken the time', async () => {
    const { policy } = setup();
    const { call, calls } = failing();
    const tooLate = policy(call)(context({ deadlineAt: clock.now() + 0.5 }));
    await expect(tooLate).rejects.toMatchObject({
      code: 'deadline_exceeded',
      sent: 'never',
      message: expect.stringContaining('no time left'),
    });
    expect(calls).toHaveLength(0);
    await expect(policy(call)(context({ deadlineAt: clock.now() + 1 }))).resolves.toBe('answer');
  });

  test('Retry-After is honoured where it fits', async () => {
    const { policy } = setup({ random: () => 0 });
    const { call, calls } = failing(remoteError(503, 1_000));
    const seen = track(policy(call)(context({ deadlineAt: clock.now() + 2_000 })));
    await advance(999);
    expect(calls).toHaveLength(1);
    await advance(1);
    expect(seen.outcome).toBe('answer');
  });

  test('Retry-After beyond the deadline: fails now and passes the hint on (axios-retry waited 66 minutes)', async () => {
    const { policy } = setup();
    const { call, calls } = failing(remoteError(503, 3_600_000));
    const result = policy(call)(context({ deadlineAt: clock.now() + 2_000 }));
    await expect(result).rejects.toMatchObject({ code: 'remote_error', retryAfterMs: 3_600_000 });
    expect(calls).toHaveLength(1);
    expect(pending()).toBe(0);
  });

  test('a Retry-After of 30 days without a deadline waits; the timer does not overflow into a storm', async () => {
    const { policy } = setup();
    const { call, calls } = failing(remoteError(503, 30 * 86_400_000));
    track(policy(call)(context()));
    await advance(60_000);
    expect(calls).toHaveLength(1);
  });

  test('a caller who leaves ends a back-off at once (cockatiel slept on and called again)', async () => {
    const { policy } = setup({ baseMs: 1_000 });
    const { call, calls } = failing(unreachable());
    const caller = new AbortController();
    const seen = track(policy(call)(context({ signal: caller.signal })));
    await advance(100);
    caller.abort();
    await advance(0);
    expect(seen.outcome).toBe('cancelled');
    expect(calls).toHaveLength(1);
    expect(pending()).toBe(0);
  });

  test('a kept connection that was just closing is replaced at once and unpaid, a few times', async () => {
    const { policy, budget, events } = setup({ budget: createRetryBudget({ ratio: 0.1, capacity: 20, initial: 1 }) });
    const stale = new CallError('connection_lost', '', { sent: 'perhaps', staleConnection: true });
    const once = failing(stale);
    await expect(policy(once.call)(context())).resolves.toBe('answer');
    expect(budget.remaining).toBeCloseTo(1.1);
    expect(events).toEqual([{ type: 'retry', reason: 'connection_lost', attempt: 1, delayMs: 0 }]);
    const often = failing(stale, stale, stale, stale);
    const seen = track(policy(often.call)(context()));
    await advance(1_000);
    expect(seen.outcome).toBe('answer');
    expect(budget.remaining, 'the fourth is paid').toBeCloseTo(0.2);
    const unsafe = failing(stale);
    const order = policy(unsafe.call)(context({ operation: { name: 'order', safety: 'unsafe' } }));
    await expect(order).rejects.toMatchObject({ code: 'connection_lost' });
    expect(unsafe.calls).toHaveLength(1);
  });

  test('a kept connection that was just closing is replaced even where no attempt is left', async () => {
    const { policy, budget } = setup({ attempts: 1 });
    const stale = new CallError('connection_lost', '', { sent: 'perhaps', staleConnection: true });
    await expect(policy(failing(stale).call)(context())).resolves.toBe('answer');
    expect(budget.remaining).toBe(20);
  });

  test('what a stall of this process delayed is retried at once and unpaid, once', async () => {
    const { policy, budget, events } = setup({ budget: createRetryBudget({ ratio: 0.1, capacity: 20, initial: 1 }) });
    const late = new CallError('attempt_timeout', '', { sent: 'perhaps', ownStall: true });
    const once = failing(late);
    await expect(policy(once.call)(context())).resolves.toBe('answer');
    expect(budget.remaining).toBeCloseTo(1.1);
    expect(events).toEqual([{ type: 'retry', reason: 'attempt_timeout', attempt: 1, delayMs: 0 }]);
    const twice = failing(late, late);
    const seen = track(policy(twice.call)(context()));
    await advance(1_000);
    expect(seen.outcome).toBe('answer');
    expect(budget.remaining, 'the second is paid').toBeCloseTo(0.2);
    const always = failing(late, late, late, late);
    const failed = track(policy(always.call)(context()));
    await advance(1_000);
    expect(failed.outcome).not.toBe('answer');
    const unsafe = failing(late);
    const order = policy(unsafe.call)(context({ operation: { name: 'order', safety: 'unsafe' } }));
    await expect(order).rejects.toMatchObject({ code: 'attempt_timeout' });
    expect(unsafe.calls).toHaveLength(1);
  });

  test('a caller who has left already costs no token', async () => {
    const { policy, budget } = setup();
    const caller = new AbortController();
    const call = async () => {
      caller.abort();
      throw unreachable();
    };
    const seen = track(policy(call)(context({ signal: caller.signal })));
    await advance(0);
    expect(seen.outcome).toBe('unreachable');
    expect(budget.remaining).toBe(20);
  });

  test('a spent budget is its own error: with what failed as cause, its hint, and an event', async () => {
    const { policy, events } = setup({ budget: createRetryBudget({ ratio: 0.1, capacity: 20, initial: 0 }) });
    const { call } = failing(remoteError(503, 700));
    const result = policy(call)(context());
    await expect(result).rejects.toMatchObject({
      code: 'budget_exhausted',
      retryAfterMs: 700,
      cause: { code: 'remote_error' },
      message: expect.stringContaining('attempt 1: status 503'),
    });
    expect(events).toEqual([{ type: 'rejected', code: 'budget_exhausted' }]);
  });

  test('without a budget there are no retries, and no talk of them', async () => {
    const { policy } = setup({ budget: createRetryBudget({ ratio: 0.1, capacity: 0, initial: 0 }) });
    const { call, calls } = failing(remoteError(503));
    await expect(policy(call)(context())).rejects.toMatchObject({ code: 'remote_error' });
    expect(calls).toHaveLength(1);
  });

  test('during an outage of 1,000 calls the other side sees at most 1,000 + capacity attempts, not 3,000', async () => {
    const { policy } = setup({ budget: createRetryBudget({ ratio: 0.1, capacity: 20, initial: 3 }) });
    const healthy = vi.fn(async () => 'answer');
    for (let call = 0; call < 1_000; call++) await policy(healthy)(context());
    const down = vi.fn(() => Promise.reject(remoteError(503)));
    const calls = Array.from({ length: 1_000 }, () => track(policy(down)(context())));
    await advance(10_000);
    expect(calls.filter(({ outcome }) => outcome === 'pending')).toHaveLength(0);
    expect(down.mock.calls.length).toBeGreaterThan(1_000);
    expect(down.mock.calls.length).toBeLessThanOrEqual(1_020);
  });

  test('only successes earn', async () => {
    const { policy, budget } = setup({ budget: createRetryBudget({ ratio: 0.1, capacity: 20, initial: 0 }) });
    await policy(async () => 'answer')(context());
    await policy(() => Promise.reject(remoteError(500)))(context()).catch(() => undefined);
    expect(budget.remaining).toBeCloseTo(0.1);
  });
});
