import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { type CallContext, CallError, coalesce } from '../src/index.ts';
import { context, remoteError, taking, track, useVirtualTime } from './virtual-time.ts';

const { clock, advance, pending } = useVirtualTime();

function setup(answer = taking(100, 'answer') as (ctx: CallContext) => Promise<unknown>) {
  const flights: CallContext[] = [];
  const call = coalesce({ keyOf: ({ input }) => JSON.stringify(input), timeoutMs: 2_000, clock })(
    (ctx: CallContext) => {
      flights.push(ctx);
      return answer(ctx);
    },
  );
  return { call, flights };
}

describe('coalesce', () => {
  test('identical calls in flight share one; later ones ask anew', async () => {
    const { call, flights } = setup();
    const crowd = Array.from({ length: 50 }, () => track(call(context({ input: 'a' }))));
    const other = track(call(context({ input: 'b' })));
    await advance(100);
    expect(new Set(crowd.map(({ outcome }) => outcome))).toEqual(new Set(['answer']));
    expect(other.outcome).toBe('answer');
    expect(flights).toHaveLength(2);
    track(call(context({ input: 'a' })));
    expect(flights).toHaveLength(3);
  });

  test('a failure is shared, too', async () => {
    const { call, flights } = setup(taking(100, remoteError(500)));
    const crowd = [track(call(context())), track(call(context()))];
    await advance(100);
    expect(crowd.map(({ outcome }) => outcome)).toEqual(['remote_error', 'remote_error']);
    expect(flights).toHaveLength(1);
  });

  test('what the answer says of itself, it says to all who get it, whether or not the first has left', async () => {
    const { call } = setup(async (ctx) => {
      const answer = await taking(100, 'answer')(ctx);
      ctx.notes.cacheControl = 'no-store';
      ctx.notes.ageMs = 7_000;
      return answer;
    });
    const first = new AbortController();
    track(call(context({ signal: first.signal })));
    const others = [context(), context()];
    for (const other of others) track(call(other));
    first.abort();
    await advance(100);
    for (const { notes } of others) expect(notes).toMatchObject({ cacheControl: 'no-store', ageMs: 7_000 });
  });

  test('what is not safe is never shared', async () => {
    const { call, flights } = setup();
    const operation = { name: 'order', safety: 'idempotent' } as const;
    track(call(context({ operation })));
    track(call(context({ operation })));
    expect(flights).toHaveLength(2);
    await advance(100);
  });

  test('a caller who leaves, the first one too, does not cancel the others', async () => {
    const { call, flights } = setup();
    const first = new AbortController();
    const left = track(call(context({ signal: first.signal })));
    const stays = track(call(context()));
    await advance(50);
    first.abort();
    await advance(0);
    expect(left.outcome).toBe('cancelled');
    expect(flights[0]?.signal.aborted).toBe(false);
    await advance(50);
    expect(stays.outcome).toBe('answer');
    expect(getEventListeners(first.signal, 'abort')).toEqual([]);
  });

  test('when the last one has left it is aborted, and a newcomer does not join it', async () => {
    const { call, flights } = setup();
    const callers = [new AbortController(), new AbortController()];
    for (const { signal } of callers) track(call(context({ signal })));
    await advance(50);
    for (const caller of callers) caller.abort();
    expect(flights[0]?.signal.aborted).toBe(true);
    const newcomer = track(call(context()));
    await advance(100);
    expect(newcomer.outcome).toBe('answer');
    expect(flights).toHaveLength(2);
    expect(pending()).toBe(0);
  });

  test('a caller who was answered leaves no listener on its signal', async () => {
    for (const outcome of ['answer', remoteError(500)]) {
      const { call } = setup(taking(100, outcome));
      const { signal } = new AbortController();
      track(call(context({ signal })));
      track(call(context({ signal })));
      await advance(100);
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    }
  });

  test('a caller who has left already does not keep a call going', async () => {
    const { call, flights } = setup();
    const seen = track(call(context({ signal: AbortSignal.abort() })));
    await advance(0);
    expect(seen.outcome).toBe('cancelled');
    expect(flights.map(({ signal }) => signal.aborted)).not.toContain(false);
    expect(pending()).toBe(0);
  });

  test('an aborted call that ends late does not stop later callers from sharing', async () => {
    const { call, flights } = setup(() => new Promise((resolve) => clock.after(100, () => resolve('answer'))));
    const caller = new AbortController();
    track(call(context({ signal: caller.signal })));
    await advance(50);
    caller.abort();
    track(call(context()));
    await advance(60);
    track(call(context()));
    expect(flights).toHaveLength(2);
    await advance(100);
  });

  test('the deadline of the first is not that of the others', async () => {
    const { call, flights } = setup();
    const now = clock.now();
    track(call(context({ deadlineAt: now + 10 })));
    expect(flights[0]?.deadlineAt).toBe(now + 2_000);
    await advance(100);
  });

  test('who joined a call that ran out of its time asks anew, once it has ended', async () => {
    let flight = 0;
    const { call, flights } = setup(async (ctx) => {
      if (++flight > 1) return taking(10, 'answer')(ctx);
      return taking(100, new CallError('deadline_exceeded', ''))(ctx);
    });
    const first = track(call(context()));
    await advance(50);
    const joined = track(call(context()));
    await advance(60);
    expect([first.outcome, joined.outcome]).toEqual(['deadline_exceeded', 'answer']);
    expect(flights).toHaveLength(2);
  });
});
