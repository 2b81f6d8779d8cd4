import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { createBulkhead, type PolicyEvent } from '../src/index.ts';
import { context, taking, track, useVirtualTime } from './virtual-time.ts';

const { clock, advance } = useVirtualTime();

function setup() {
  const events: PolicyEvent[] = [];
  return { events, bulkhead: createBulkhead({ maxInFlight: 2, maxQueued: 2, onEvent: (event) => events.push(event) }) };
}

describe('bulkhead', () => {
  test('runs so many at once, queues a few, refuses the rest at once', async () => {
    const { bulkhead, events } = setup();
    let running = 0;
    let most = 0;
    const call = bulkhead.policy(async (ctx) => {
      most = Math.max(most, ++running);
      await taking(100, 'answer')(ctx);
      running--;
      return 'answer';
    });
    const seen = Array.from({ length: 5 }, () => track(call(context())));
    await advance(0);
    expect([bulkhead.inFlight, bulkhead.queued]).toEqual([2, 2]);
    expect(seen.map(({ outcome }) => outcome)).toEqual(['pending', 'pending', 'pending', 'pending', 'overloaded']);
    expect(events).toEqual([{ type: 'rejected', code: 'overloaded' }]);
    await advance(200);
    expect(seen.slice(0, 4).map(({ outcome }) => outcome)).toEqual(Array(4).fill('answer'));
    expect(most).toBe(2);
    expect([bulkhead.inFlight, bulkhead.queued]).toEqual([0, 0]);
  });

  test('a refusal says how full it is, and when to come back', async () => {
    const { bulkhead } = setup();
    const call = bulkhead.policy(taking(100, 'answer'));
    for (let i = 0; i < 4; i++) track(call(context()));
    await expect(call(context())).rejects.toMatchObject({
      message: expect.stringContaining('2 calls in flight and 2 waiting'),
      sent: 'never',
      retryAfterMs: 1_000,
    });
    await advance(200);
  });

  test('a place is freed when the work has ended, not when the caller left (opossum #673: 32 ran at capacity 2)', async () => {
    const { bulkhead } = setup();
    const stubborn = bulkhead.policy(() => new Promise<void>((resolve) => clock.after(1_000, resolve)));
    const caller = new AbortController();
    track(stubborn(context({ signal: caller.signal })));
    await advance(0);
    caller.abort();
    await advance(999);
    expect(bulkhead.inFlight).toBe(1);
    await advance(1);
    expect(bulkhead.inFlight).toBe(0);
  });

  test('a caller who leaves the queue gives up its place there', async () => {
    const { bulkhead } = setup();
    const call = bulkhead.policy(taking(100, 'answer'));
    track(call(context()));
    track(call(context()));
    const caller = new AbortController();
    const queued = track(call(context({ signal: caller.signal })));
    const behind = track(call(context()));
    await advance(0);
    caller.abort();
    await advance(0);
    expect(queued.outcome).toBe('cancelled');
    expect(getEventListeners(caller.signal, 'abort')).toEqual([]);
    expect(bulkhead.queued).toBe(1);
    await advance(200);
    expect(behind.outcome).toBe('answer');
    expect(bulkhead.inFlight).toBe(0);
  });

  test('a caller who has waited and was let in leaves no listener on its signal', async () => {
    const { bulkhead } = setup();
    const call = bulkhead.policy(async () => taking(100, 'answer')(context()));
    const { signal } = new AbortController();
    for (let i = 0; i < 4; i++) track(call(context({ signal })));
    await advance(200);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('a caller who has left already takes no place', async () => {
    const { bulkhead } = setup();
    const seen = track(bulkhead.policy(taking(100, 'answer'))(context({ signal: AbortSignal.abort() })));
    await advance(0);
    expect(seen.outcome).toBe('cancelled');
    expect(bulkhead.inFlight).toBe(0);
  });
});
