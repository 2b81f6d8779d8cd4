import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import {
  type Call,
  type CallContext,
  compose,
  createRetryBudget,
  deadline,
  type PatienceOptions,
  type PolicyEvent,
  patience,
  retry,
} from '../src/index.ts';
import { context, remoteError, taking, track, unreachable, useVirtualTime } from './virtual-time.ts';

const { clock, advance, pending } = useVirtualTime();

/** Waits 500 ms before it calls for another attempt, inside a deadline of 2,000 ms. */
function setup({ tokens = 20, ...options }: Partial<PatienceOptions> & { readonly tokens?: number } = {}) {
  const events: PolicyEvent[] = [];
  const attempts: (CallContext & { readonly atMs: number })[] = [];
  const budget = createRetryBudget({ ratio: 0.1, capacity: 20, initial: tokens });
  const startedAt = clock.now();
  let answer: Call<unknown> = taking(0, 'unset');
  const policy = patience({ budget, clock, onEvent: (event) => events.push(event), ...options });
  const call = compose(
    deadline({ timeoutMs: 2_000, clock }),
    policy,
  )<unknown>((ctx) => {
    attempts.push({ ...ctx, atMs: clock.now() - startedAt });
    return answer(ctx);
  });
  const run = (next: Call<unknown>, changes: Partial<CallContext> = {}) => {
    answer = next;
    return track(call(context(changes)));
  };
  return { run, policy, events, attempts, budget };
}

const elsewhere = () => true;
const slowThenFast = (slowMs: number) => (ctx: CallContext) =>
  taking(ctx.attempt === 1 ? slowMs : 20, `attempt ${ctx.attempt}`)(ctx);

describe('an attempt that takes long', () => {
  test('is not aborted: it is answered, and nothing begins beside it where nothing can help', async () => {
    const { run, attempts, budget } = setup();
    const seen = run(taking(1_800, 'answer'));
    await advance(2_000);
    expect([seen.outcome, attempts.length, budget.remaining]).toEqual(['answer', 1, 20]);
    expect(pending()).toBe(0);
  });

  test('goes on until the deadline and no longer', async () => {
    const { run, attempts } = setup();
    const seen = run(taking(60_000, 'late'));
    await advance(2_000);
    expect([seen.outcome, attempts[0]?.signal.aborted, pending()]).toEqual(['deadline_exceeded', true, 0]);
  });

  test('gets another one beside it at another endpoint; the first answer wins and the loser is aborted', async () => {
    const { run, attempts, events, budget } = setup({ elsewhere });
    const seen = run(slowThenFast(60_000));
    await advance(519);
    expect(seen.outcome).toBe('pending');
    await advance(1);
    expect(seen.outcome).toBe('attempt 2');
    expect(attempts.map(({ attempt, atMs }) => [attempt, atMs])).toEqual([
      [1, 0],
      [2, 500],
    ]);
    expect(attempts.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    expect(events).toEqual([{ type: 'hedge', afterMs: 500 }]);
    expect([budget.remaining, pending()]).toEqual([19, 0]);
  });

  test('may still win', async () => {
    const { run, attempts } = setup({ elsewhere });
    const seen = run((ctx) => taking(ctx.attempt === 1 ? 510 : 60_000, `attempt ${ctx.attempt}`)(ctx));
    await advance(510);
    expect([seen.outcome, attempts[1]?.signal.aborted]).toEqual(['attempt 1', true]);
  });

  test('is joined by further ones, each after its time, until the deadline is too near', async () => {
    const { run, attempts } = setup({ elsewhere });
    run(taking(60_000, 'late'));
    await advance(2_000);
    expect(attempts.map(({ atMs }) => atMs)).toEqual([0, 500, 1_000, 1_500]);
    const hurried = setup({ elsewhere });
    hurried.run(taking(60_000, 'late'), { deadlineAt: clock.now() + 599 });
    await advance(2_000);
    expect(hurried.attempts).toHaveLength(1);
  });
});

describe('another attempt begins only if', () => {
  test('the operation may be repeated', async () => {
    const { run, attempts } = setup({ elsewhere });
    run(taking(900, 'answer'), { operation: { name: 'order', safety: 'unsafe' } });
    await advance(1_000);
    expect(attempts).toHaveLength(1);
    run(taking(900, 'answer'), { operation: { name: 'order', safety: 'idempotent' } });
    await advance(1_000);
    expect(attempts).toHaveLength(3);
  });

  test('the budget pays', async () => {
    const { run, attempts, budget } = setup({ elsewhere, tokens: 1 });
    run(taking(900, 'answer'));
    run(taking(900, 'answer'));
    await advance(1_000);
    expect([attempts.length, budget.remaining]).toEqual([3, 0]);
  });

  test('at the only endpoint, a fast answer has come since the call began', async () => {
    const { run, attempts } = setup();
    run(taking(1, 'fast'));
    await advance(1);
    run(taking(900, 'slow'));
    await advance(1_000);
    expect(attempts).toHaveLength(2);
    run(taking(900, 'slow'));
    await advance(100);
    run(taking(249, 'fast'));
    await advance(900);
    expect(attempts.map(({ attempt }) => attempt)).toEqual([1, 1, 1, 1, 2]);
  });

  test('a slow answer is no reason', async () => {
    const { run, attempts } = setup();
    run(taking(900, 'slow'));
    await advance(100);
    run(taking(250, 'slow'));
    await advance(900);
    expect(attempts).toHaveLength(2);
  });

  test('at another endpoint, answers are usually fast', async () => {
    const { run, attempts } = setup({ elsewhere });
    for (let n = 0; n < 20; n++) {
      run(taking(300, 'slow'));
      await advance(300);
    }
    attempts.length = 0;
    run(taking(900, 'slow'));
    await advance(1_000);
    expect(attempts).toHaveLength(1);
  });

  test('the call has an attempt left: retries and attempts beside others share one limit', async () => {
    const budget = createRetryBudget({ ratio: 0, capacity: 20, initial: 20 });
    const { policy } = setup({ elsewhere, budget });
    const numbers: number[] = [];
    const retries = retry({ attempts: 3, baseMs: 0, budget, clock, random: () => 0 });
    const call = compose(
      retries,
      policy,
    )<unknown>((ctx) => {
      numbers.push(ctx.attempt);
      return taking(ctx.attempt === 1 ? 0 : 60_000, remoteError(503))(ctx);
    });
    track(call(context({ deadlineAt: clock.now() + 10_000 })));
    await advance(9_000);
    expect(numbers).toEqual([1, 2, 3]);
    const failing = track(compose(retries, policy)(taking(600, remoteError(503)))(context()));
    await advance(5_000);
    expect(failing.outcome).toBe('remote_error');
    expect(budget.remaining, 'two for each call').toBe(16);
  });

  test('this process was not stalled: then the attempt has not had its time', async () => {
    let stalledMs = 0;
    const stalling = {
      now: () => clock.now() + stalledMs,
      after: (ms: number, callback: () => void) => clock.after(ms, callback),
    };
    const { run, attempts } = setup({ elsewhere, clock: stalling });
    run(taking(1_500, 'answer'));
    stalledMs = 300;
    await advance(999);
    expect(attempts).toHaveLength(1);
    stalledMs = 300;
    await advance(2);
    expect(attempts).toHaveLength(2);
  });
});

test('a failure before its time is the business of the retry', async () => {
  const { run, attempts } = setup({ elsewhere });
  const seen = run(taking(499, remoteError(503)));
  await advance(1_000);
  expect([seen.outcome, attempts.length, pending()]).toEqual(['remote_error', 1, 0]);
});

test('a call fails with its last failure, once every attempt has failed', async () => {
  const { run } = setup({ elsewhere });
  const seen = run((ctx) =>
    taking(ctx.attempt === 1 ? 700 : 50, ctx.attempt === 1 ? unreachable() : remoteError(503))(ctx),
  );
  await advance(699);
  expect(seen.outcome).toBe('pending');
  await advance(1);
  expect(seen.outcome).toBe('unreachable');
});

test('a caller who leaves aborts every attempt, and leaves nothing behind', async () => {
  const { run, attempts } = setup({ elsewhere });
  const caller = new AbortController();
  const seen = run(taking(60_000, 'late'), { signal: caller.signal });
  await advance(1_200);
  caller.abort();
  await advance(0);
  expect([seen.outcome, attempts.map(({ signal }) => signal.aborted)]).toEqual(['cancelled', [true, true, true]]);
  expect([getEventListeners(caller.signal, 'abort'), pending()]).toEqual([[], 0]);
});

test('an option out of range is refused', () => {
  expect(() => patience({ afterMs: 0 })).toThrow('afterMs is 0, but must be milliseconds of at least 1');
});
