import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import {
  type Call,
  type CallContext,
  CallError,
  createRetryBudget,
  hedge,
  type PolicyEvent,
  sleep,
} from '../src/index.ts';
import { chance, context, remoteError, taking, track, useVirtualTime } from './virtual-time.ts';

const { clock, advance, pending } = useVirtualTime();

/** Hedging that has seen answers of 100 down to 1 ms, in this order, so that none was slower than usual: that is 95 ms. */
async function setup({ tokens = 20, capacity = 20 } = {}) {
  const events: PolicyEvent[] = [];
  const attempts: CallContext[] = [];
  const budget = createRetryBudget({ ratio: 0.1, capacity, initial: tokens });
  let answer: Call<unknown> = taking(0, 'unset');
  const call = hedge({ budget, clock, onEvent: (event) => events.push(event) })<unknown>((ctx) => {
    attempts.push(ctx);
    return answer(ctx);
  });
  const run = (next: Call<unknown>, changes: Partial<CallContext> = {}) => {
    answer = next;
    return track(call(context(changes)));
  };
  for (let ms = 112; ms >= 1; ms--) {
    run(taking(Math.min(ms, 100), 'answer'));
    await advance(100);
  }
  events.length = 0;
  attempts.length = 0;
  return { run, events, attempts, budget };
}

describe('hedge', () => {
  test('what answers as usual is not hedged', async () => {
    const { run, attempts, budget } = await setup();
    const before = budget.remaining;
    const seen = run(taking(90, 'answer'));
    await advance(200);
    expect([seen.outcome, attempts.length, budget.remaining]).toEqual(['answer', 1, before]);
    expect(pending()).toBe(0);
  });

  test('a second attempt begins after the usual time; the first answer wins, the other attempt is aborted', async () => {
    const { run, attempts, events } = await setup();
    const seen = run((ctx) => taking(ctx.attempt === 1 ? 60_000 : 20, `attempt ${ctx.attempt}`)(ctx));
    const startedAt = clock.now();
    await advance(200);
    expect(seen.outcome).toBe('attempt 2');
    expect((seen.atMs ?? 0) - startedAt).toBeGreaterThan(100);
    expect((seen.atMs ?? 0) - startedAt).toBeLessThanOrEqual(120);
    expect(attempts.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    expect(events).toMatchObject([{ type: 'hedge' }]);
    expect(pending()).toBe(0);
  });

  test('one of twenty is hedged, and it stays at that: a first attempt that lost took at least that long', async () => {
    const random = chance();
    const { run, attempts } = await setup({ tokens: 1_000, capacity: 1_000 });
    const calls = 2_000;
    for (let n = 0; n < calls; n++) {
      run((ctx) => taking(Math.ceil(-20 * Math.log(1 - random())), 'answer')(ctx));
      await advance(400);
    }
    const hedged = attempts.length / calls - 1;
    expect(hedged).toBeGreaterThan(0.03);
    expect(hedged).toBeLessThan(0.07);
  });

  test('the loser has ended before the caller hears of the winner: until then it takes up a place', async () => {
    const { run } = await setup();
    let ended = 0;
    const seen = run(async (ctx) => {
      if (ctx.attempt === 2) return taking(20, 'answer')(ctx);
      await taking(60_000, 'never')(ctx).catch(() => undefined);
      await sleep(clock, 30, new AbortController().signal);
      ended = clock.now();
      throw new CallError('cancelled', 'aborted');
    });
    await advance(500);
    expect(seen.outcome).toBe('answer');
    expect(ended).toBeGreaterThan(0);
    expect(seen.atMs).toBeGreaterThanOrEqual(ended);
  });

  test('no two attempts of a call have the same number, retries included', async () => {
    const { run, attempts } = await setup();
    const ctx = context();
    run(taking(110, remoteError(503)), ctx);
    await advance(300);
    run(taking(5, 'answer'), { ...ctx, attempt: ++ctx.notes.attempts });
    await advance(300);
    expect(attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  });

  test('the first may still win', async () => {
    const { run, attempts } = await setup();
    const seen = run((ctx) => taking(ctx.attempt === 1 ? 110 : 60_000, `attempt ${ctx.attempt}`)(ctx));
    await advance(200);
    expect(seen.outcome).toBe('attempt 1');
    expect(attempts.map(({ signal }) => signal.aborted)).toEqual([false, true]);
  });

  test('a failure of one is not the end while the other is on its way; of both, it is', async () => {
    const { run } = await setup();
    const one = run((ctx) =>
      taking(ctx.attempt === 1 ? 110 : 50, ctx.attempt === 1 ? remoteError(500) : 'answer')(ctx),
    );
    await advance(300);
    expect(one.outcome).toBe('answer');
    const both = run(taking(110, remoteError(500)));
    await advance(300);
    expect(both.outcome).toBe('remote_error');
  });

  test('a failure before that is the business of the retry', async () => {
    const { run, attempts } = await setup();
    const seen = run(taking(5, remoteError(503)));
    await advance(300);
    expect([seen.outcome, attempts.length]).toEqual(['remote_error', 1]);
  });

  test('is paid from the budget, or not done', async () => {
    const { run, attempts, budget } = await setup({ tokens: 1 });
    run(taking(400, 'late'));
    await advance(500);
    expect(attempts).toHaveLength(2);
    expect(budget.spend()).toBe(false);
    run(taking(400, 'late'));
    await advance(500);
    expect(attempts).toHaveLength(3);
  });

  test('what is not safe is not hedged', async () => {
    const { run, attempts } = await setup();
    run(taking(400, 'answer'), { operation: { name: 'order', safety: 'idempotent' } });
    await advance(500);
    expect(attempts).toHaveLength(1);
  });

  test('nothing is hedged before the usual is known', async () => {
    const attempts: CallContext[] = [];
    const budget = createRetryBudget({ ratio: 0.1, capacity: 20, initial: 20 });
    const call = hedge({ budget, clock, onEvent: () => undefined })((ctx: CallContext) => {
      attempts.push(ctx);
      return taking(1_000, 'answer')(ctx);
    });
    track(call(context()));
    await advance(1_000);
    expect(attempts).toHaveLength(1);
  });

  test('a caller who leaves aborts both, and leaves nothing behind', async () => {
    const { run, attempts } = await setup();
    const caller = new AbortController();
    const seen = run(taking(60_000, 'late'), { signal: caller.signal });
    await advance(150);
    caller.abort();
    await advance(0);
    expect(seen.outcome).toBe('cancelled');
    expect(attempts.map(({ signal }) => signal.aborted)).toEqual([true, true]);
    expect(getEventListeners(caller.signal, 'abort')).toEqual([]);
    expect(pending()).toBe(0);
  });

  test('a caller who has left begins nothing, neither the first attempt nor, while that hears no abort, the second', async () => {
    const { run, attempts } = await setup();
    const gone = run(taking(50, 'answer'), { signal: AbortSignal.abort() });
    await advance(200);
    expect([gone.outcome, attempts.length]).toEqual(['cancelled', 0]);
    const caller = new AbortController();
    run(() => new Promise<void>((resolve) => clock.after(400, resolve)), { signal: caller.signal });
    await advance(50);
    caller.abort();
    await advance(400);
    expect(attempts).toHaveLength(1);
  });

  test('a loser that hears no abort and answers as well changes nothing', async () => {
    const { run } = await setup();
    const seen = run(async (ctx) => {
      await sleep(clock, ctx.attempt === 1 ? 300 : 20, new AbortController().signal);
      return `attempt ${ctx.attempt}`;
    });
    await advance(500);
    expect(seen.outcome).toBe('attempt 2');
  });

  test('a caller who was answered keeps no listener on its signal', async () => {
    const { run } = await setup();
    const { signal } = new AbortController();
    run(taking(50, 'answer'), { signal });
    run(taking(50, remoteError(500)), { signal });
    run(taking(110, 'answer'), { signal });
    await advance(300);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
