import { describe, expect, test } from 'vitest';
import {
  type AdaptiveBudgetOptions,
  type Call,
  type CallContext,
  CallError,
  compose,
  createAdaptiveBudget,
  type PolicyEvent,
  retry,
} from '../src/index.ts';
import { chance, context, remoteError, taking, track, useVirtualTime } from './virtual-time.ts';

const { clock, advance, pending } = useVirtualTime();

function setup(options: AdaptiveBudgetOptions = {}) {
  const events: PolicyEvent[] = [];
  const random = chance();
  const budget = createAdaptiveBudget({ clock, onEvent: (event) => events.push(event), ...options });
  let answer: Call<unknown> = taking(0, 'unset');
  const attempt = budget.watch((ctx) => answer(ctx));
  /** One attempt. Advances until it has ended. */
  const run = async (ms: number, outcome: unknown = 'answer', changes: Partial<CallContext> = {}) => {
    answer = taking(ms, outcome);
    const seen = track(attempt(context(changes)));
    await advance(ms);
    return seen.outcome;
  };
  /** First attempts and retries, of which a share fails. */
  const mixed = async (count: number, failing: number, ofRetries = failing) => {
    for (let n = 0; n < count; n++) {
      await run(2, random() < failing ? remoteError(503) : 'answer');
      if (n % 3 === 0) await run(2, random() < ofRetries ? remoteError(503) : 'answer', { attempt: 2 });
    }
  };
  const raised = async () => {
    await mixed(200, 0.3);
    expect(budget.ratio).toBe(1);
  };
  const changes = () => events.flatMap((event) => (event.type === 'retry_ratio' ? [event.because] : []));
  return { budget, run, mixed, raised, changes, attempt };
}

describe('the ratio', () => {
  test('is a tenth, and stays there where nothing fails', async () => {
    const { budget, run, changes } = setup();
    for (let n = 0; n < 200; n++) await run(2);
    expect([budget.ratio, changes()]).toEqual([0.1, []]);
    const before = budget.remaining;
    for (let n = 0; n < 10; n++) budget.earn();
    expect(budget.remaining - before).toBeCloseTo(1, 6);
  });

  test.each([0.3, 0.5, 0.75])(
    'rises to one where a share of %f fails and retries do as well as first attempts',
    async (f) => {
      const { budget, mixed, changes } = setup();
      await mixed(120, f);
      expect([budget.ratio, changes()]).toEqual([1, ['retries_succeed']]);
    },
  );

  test('does not rise where one first attempt in a hundred fails', async () => {
    const { budget, run, changes } = setup();
    for (let n = 0; n < 1_000; n++) {
      await run(2, n % 100 === 99 ? remoteError(503) : 'answer');
      if (n % 100 === 99) await run(2, 'answer', { attempt: 2 });
    }
    for (let n = 0; n < 119; n++) await run(2);
    await run(2, 'answer', { attempt: 2 });
    expect([budget.ratio, changes()]).toEqual([0.1, []]);
  });

  test('does not rise in an outage', async () => {
    const { budget, mixed } = setup();
    await mixed(500, 0.95);
    expect(budget.ratio).toBe(0.1);
  });

  test('does not rise where retries fail far more often than first attempts', async () => {
    const { budget, mixed, changes } = setup();
    await mixed(500, 0.3, 0.9);
    expect([budget.ratio, changes()]).toEqual([0.1, []]);
  });

  test('does not rise on a few retries', async () => {
    const { budget, run } = setup();
    for (let n = 0; n < 100; n++) await run(2, n % 3 === 0 ? remoteError(503) : 'answer');
    for (let n = 0; n < 9; n++) await run(2, 'answer', { attempt: 2 });
    expect(budget.ratio).toBe(0.1);
    await run(2, 'answer', { attempt: 2 });
    expect(budget.ratio).toBe(1);
  });

  test('falls when the trouble is over', async () => {
    const { budget, run, raised, changes } = setup();
    await raised();
    for (let n = 0; n < 120; n++) await run(2);
    expect([budget.ratio, changes()]).toEqual([0.1, ['retries_succeed', 'trouble_is_over']]);
  });
});

describe('falls at once', () => {
  test.each<[string, number, unknown, string]>([
    ['a 429', 2, new CallError('overloaded', 'too many', { sent: 'answered', status: 429 }), 'asked_for_less'],
    ['a Retry-After', 2, remoteError(503, 1_000), 'asked_for_less'],
    ['an attempt timeout', 500, new CallError('attempt_timeout', 'late', { sent: 'perhaps' }), 'slow'],
    ['a deadline', 500, new CallError('deadline_exceeded', 'late', { sent: 'perhaps' }), 'slow'],
    ['a slow answer', 475, 'answer', 'slow'],
  ])('on %s', async (_what, ms, outcome, because) => {
    const { budget, run, raised, changes } = setup();
    await raised();
    await run(ms, outcome);
    expect([budget.ratio, changes().at(-1)]).toEqual([0.1, because]);
  });

  test('on an attempt that takes too long and has not ended', async () => {
    const { budget, raised } = setup();
    await raised();
    budget.slow();
    expect(budget.ratio).toBe(0.1);
  });

  test('on answers that take twice their usual time', async () => {
    const { budget, run, raised, changes } = setup();
    await raised();
    for (let n = 0; n < 10; n++) await run(40);
    expect([budget.ratio, changes().at(-1)]).toEqual([0.1, 'slower_than_usual']);
  });

  test('on retries that stop paying', async () => {
    const { budget, mixed, raised, changes } = setup();
    await raised();
    await mixed(150, 0.3, 0.9);
    expect([budget.ratio, changes().includes('retries_fail')]).toEqual([0.1, true]);
  });

  test('but not on a caller in a hurry, one who leaves, or a refusal by the contract', async () => {
    const { budget, run, raised } = setup();
    await raised();
    await run(3, new CallError('deadline_exceeded', 'hurried', { sent: 'perhaps' }));
    await run(3, new CallError('cancelled', 'left', { sent: 'perhaps' }));
    for (let n = 0; n < 100; n++) {
      await run(3, new CallError('remote_refused', 'no', { sent: 'answered', status: 404 }));
    }
    await run(900, new CallError('deadline_exceeded', 'stalled', { sent: 'perhaps', ownStall: true }));
    expect(budget.ratio).toBe(1);
  });

  test('and stays low for two seconds, for four if it had just risen', async () => {
    const { budget, run, mixed, raised } = setup();
    await raised();
    await run(2, remoteError(503, 1_000));
    const fellAt = clock.now();
    while (budget.ratio < 1) await mixed(1, 0.3);
    expect(clock.now() - fellAt).toBeGreaterThanOrEqual(4_000);
    expect(clock.now() - fellAt).toBeLessThan(6_000);
  });
});

describe('if first attempts do worse than before the ratio rose', () => {
  test('retries do harm: the bucket is emptied and earns nothing for ten seconds, then a tenth', async () => {
    const { budget, run, raised, changes } = setup();
    await raised();
    for (let n = 0; n < 20; n++) budget.earn();
    expect(budget.remaining).toBe(20);
    for (let n = 0; n < 200 && budget.ratio === 1; n++) await run(2, n % 8 === 0 ? 'answer' : remoteError(503));
    expect(changes().at(-1)).toBe('retries_do_harm');
    expect([budget.remaining, budget.ratio]).toEqual([0, 0]);
    budget.earn();
    expect(budget.spend()).toBe(false);
    await advance(10_000);
    expect(budget.ratio).toBe(0.1);
  });

  test('signs of overload meanwhile do not make that longer', async () => {
    const { budget, run, raised } = setup();
    await raised();
    for (let n = 0; n < 200 && budget.ratio === 1; n++) await run(2, n % 8 === 0 ? 'answer' : remoteError(503));
    for (let n = 0; n < 30; n++) await run(500);
    expect(budget.ratio).toBe(0.1);
  });
});

test('a server that teaches it that retries pay, and then fails, gets what is in the bucket and no more', async () => {
  const budget = createAdaptiveBudget({ clock });
  let isDown = false;
  let attempts = 0;
  const random = chance();
  const call = compose(
    retry({ budget, clock, random }),
    budget.watch,
  )(async () => {
    attempts++;
    if (isDown || random() < 0.3) throw remoteError(503);
    return 'answer';
  });
  for (let n = 0; n < 500; n++) {
    track(call(context({ deadlineAt: clock.now() + 2_000 })));
    await advance(7);
  }
  await advance(2_000);
  expect([budget.ratio, budget.remaining]).toEqual([1, 20]);
  isDown = true;
  attempts = 0;
  const calls = 500;
  for (let n = 0; n < calls; n++) {
    track(call(context({ deadlineAt: clock.now() + 2_000 })));
    await advance(7);
  }
  await advance(2_000);
  expect(attempts).toBeLessThanOrEqual(calls + 20);
  expect(pending()).toBe(0);
});

test('an option out of range is refused', () => {
  expect(() => createAdaptiveBudget({ slowMs: 0 })).toThrow('slowMs is 0');
  expect(() => createAdaptiveBudget({ ratio: 2 })).toThrow('ratio is 2');
  expect(() => createAdaptiveBudget({ capacity: 1, initial: 2 })).toThrow('initial is 2');
});
