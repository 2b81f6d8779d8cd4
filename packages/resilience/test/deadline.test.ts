import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { type CallContext, deadline } from '../src/index.ts';
import { context, taking, track, useVirtualTime } from './virtual-time.ts';

const { clock, advance, pending } = useVirtualTime();

describe('deadline', () => {
  const limited = deadline({ timeoutMs: 2_000, clock });

  test('lets through what is in time', async () => {
    const seen = track(limited(taking(1_999, 'answer'))(context()));
    await advance(1_999);
    expect(seen.outcome).toBe('answer');
    expect(pending()).toBe(0);
  });

  test('ends the call and aborts what runs below, on time', async () => {
    let below: AbortSignal | undefined;
    const call = limited(async (ctx: CallContext) => {
      below = ctx.signal;
      return taking(60_000, 'late')(ctx);
    });
    const startedAt = clock.now();
    const seen = track(call(context()));
    await advance(1_999);
    expect(seen.outcome).toBe('pending');
    await advance(1);
    expect(seen).toMatchObject({ outcome: 'deadline_exceeded', atMs: startedAt + 2_000 });
    expect(below?.aborted).toBe(true);
    expect(pending(), 'no timer outlives the call').toBe(0);
  });

  test('answers on time even if what is below never listens', async () => {
    const seen = track(limited(() => new Promise(() => undefined))(context()));
    await advance(2_000);
    expect(seen.outcome).toBe('deadline_exceeded');
  });

  test('what never listens keeps no timer of a caller who left, and no listener after the deadline', async () => {
    const caller = new AbortController();
    track(limited(() => new Promise(() => undefined))(context({ signal: caller.signal })));
    caller.abort();
    expect(pending()).toBe(0);
    const { signal } = new AbortController();
    track(limited(() => new Promise(() => undefined))(context({ signal })));
    await advance(2_000);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('out of time while it ran: the work may have been done. Before it began: it was not', async () => {
    const error = limited<unknown>(taking(60_000, 'late'))(context()).catch((reason: unknown) => reason);
    await advance(2_000);
    expect(await error).toMatchObject({ sent: 'perhaps', message: expect.stringContaining('no answer') });
    await expect(limited(taking(0, 'answer'))(context({ deadlineAt: clock.now() }))).rejects.toMatchObject({
      sent: 'never',
      message: expect.stringContaining('before the call began'),
    });
  });

  test('a caller may ask for less, never for more', async () => {
    const startedAt = clock.now();
    const less = track(limited(taking(60_000, 'late'))(context({ deadlineAt: startedAt + 300 })));
    const more = track(limited(taking(60_000, 'late'))(context({ deadlineAt: startedAt + 30_000 })));
    await advance(2_000);
    expect(less).toMatchObject({ outcome: 'deadline_exceeded', atMs: startedAt + 300 });
    expect(more).toMatchObject({ outcome: 'deadline_exceeded', atMs: startedAt + 2_000 });
  });

  test('tells what is below how long there is', async () => {
    const deadlineAt = await limited(async (ctx) => ctx.deadlineAt)(context());
    expect(deadlineAt).toBe(clock.now() + 2_000);
  });

  test('starts nothing when the time has passed already', async () => {
    let started = false;
    const call = limited(async () => {
      started = true;
    });
    const seen = track(call(context({ deadlineAt: clock.now() + 0.5 })));
    await advance(0);
    expect(seen.outcome).toBe('deadline_exceeded');
    expect(started).toBe(false);
  });

  test('one millisecond is enough to start: the header that carries it can say so', async () => {
    await expect(limited(async () => 'answer')(context({ deadlineAt: clock.now() + 1 }))).resolves.toBe('answer');
  });

  test('a caller who leaves ends the call at once and aborts what runs below', async () => {
    const caller = new AbortController();
    let below: AbortSignal | undefined;
    const seen = track(
      limited(async (ctx) => {
        below = ctx.signal;
        return taking(1_000, 'answer')(ctx);
      })(context({ signal: caller.signal })),
    );
    await advance(100);
    caller.abort();
    await advance(0);
    expect(seen.outcome).toBe('cancelled');
    expect(below?.aborted).toBe(true);
    expect(pending()).toBe(0);
  });

  test('a service that aborts because its own time is up is not taken for a caller who left', async () => {
    const caller = new AbortController();
    const seen = track(limited(taking(1_000, 'answer'))(context({ signal: caller.signal })));
    caller.abort(Object.assign(new Error('too late'), { code: 'deadline_exceeded' }));
    await advance(0);
    expect(seen.outcome).toBe('deadline_exceeded');
  });
});
