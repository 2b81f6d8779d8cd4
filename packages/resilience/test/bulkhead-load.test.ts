import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { attemptTimeout, type Call, CallError, compose, createBulkhead, deadline, none } from '../src/index.ts';
import { context, remoteError, taking, track, useVirtualTime } from './virtual-time.ts';

const { clock, advance, pending } = useVirtualTime();

const ATTEMPT_TIMEOUT_MS = 500;
const HANGS = taking(60_000, 'never');

function setup(options: Parameters<typeof createBulkhead>[0] = {}) {
  const bulkhead = createBulkhead({ maxQueued: 1_000, attemptTimeoutMs: ATTEMPT_TIMEOUT_MS, clock, ...options });
  let running = 0;
  let most = 0;
  let work: Call<unknown> = taking(0, 'unset');
  const call = compose(
    deadline({ timeoutMs: 2_000, clock }),
    bulkhead.policy,
    attemptTimeout({ timeoutMs: ATTEMPT_TIMEOUT_MS, clock }),
    bulkhead.attempts,
  )<unknown>(async (ctx) => {
    most = Math.max(most, ++running);
    try {
      return await work(ctx);
    } finally {
      running--;
    }
  });
  const begin = (next: Call<unknown>, changes: Parameters<typeof context>[0] = {}) => {
    work = next;
    return track(call(context(changes)));
  };
  return { bulkhead, begin, running: () => running, most: () => most };
}

describe('the adaptive limit of a bulkhead', () => {
  test('is off by default: the limit is the maximum, and attempts are not watched', async () => {
    const { bulkhead, begin } = setup({ maxInFlight: 20 });
    for (let n = 0; n < 20; n++) begin(HANGS);
    await advance(600);
    expect(bulkhead.limit).toBe(20);
    expect(bulkhead.attempts).toBe(none);
  });

  test('follows attempts that time out, and calls beyond it wait', async () => {
    const { bulkhead, begin, running } = setup({ maxInFlight: 20, adaptiveLimit: true });
    for (let n = 0; n < 20; n++) begin(HANGS);
    await advance(600);
    // 0.7 of the ten that the tenth of them found.
    expect(bulkhead.limit).toBe(7);
    for (let n = 0; n < 20; n++) begin(HANGS);
    await advance(0);
    expect([running(), bulkhead.inFlight, bulkhead.queued]).toEqual([7, 7, 13]);
  });

  test('lets those who wait in as soon as it grows', async () => {
    const { bulkhead, begin } = setup({ maxInFlight: 20, adaptiveLimit: true });
    for (let n = 0; n < 20; n++) begin(HANGS);
    await advance(600);
    const calls = Array.from({ length: 60 }, () => begin(taking(50, 'answer')));
    await advance(50);
    expect([bulkhead.limit, bulkhead.inFlight]).toEqual([7, 7]);
    await advance(50);
    // Two rounds of seven have been answered, fast.
    expect([bulkhead.limit, bulkhead.inFlight, bulkhead.queued]).toEqual([10, 10, 60 - 14 - 10]);
    await advance(1_000);
    expect(calls.every(({ outcome }) => outcome === 'answer')).toBe(true);
  });

  test.each([
    ['answered', 'answer'],
    ['refused', new CallError('remote_refused', '404', { sent: 'answered', status: 404 })],
  ])('leaves bad luck alone: a quarter hangs for ever, and the others are %s', async (_what, outcome) => {
    const { bulkhead, begin } = setup({ maxInFlight: 20, adaptiveLimit: true });
    for (let n = 0; n < 400; n++) {
      begin(n % 4 === 0 ? HANGS : taking(20, outcome));
      await advance(50);
    }
    expect(bulkhead.limit).toBe(20);
  });

  test.each([
    ['failures that are answered', taking(1, remoteError(503)), {}],
    ['refused connections', taking(1, new CallError('unreachable', 'refused')), {}],
    [
      'stalls of this process',
      taking(1, new CallError('attempt_timeout', 'stalled', { sent: 'perhaps', ownStall: true })),
      {},
    ],
    ['callers in a hurry, who give less time than answers take', taking(400, 'answer'), { hurry: 200 }],
  ])('leaves %s alone', async (_what, next, { hurry }: { hurry?: number }) => {
    const { bulkhead, begin } = setup({ maxInFlight: 20, adaptiveLimit: true });
    for (let n = 0; n < 20; n++) begin(taking(300, 'answer'));
    await advance(300);
    for (let n = 0; n < 200; n++) {
      begin(next, hurry === undefined ? {} : { deadlineAt: clock.now() + hurry });
      await advance(50);
    }
    expect(bulkhead.limit).toBe(20);
  });

  test('nor, without an attempt timeout, one who gives more than that would be, and less than answers take', async () => {
    const bulkhead = createBulkhead({
      maxInFlight: 20,
      attemptTimeoutMs: ATTEMPT_TIMEOUT_MS,
      adaptiveLimit: true,
      clock,
    });
    const call = compose(
      deadline({ timeoutMs: 2_000, clock }),
      bulkhead.policy,
      bulkhead.attempts,
    )(taking(800, 'answer'));
    for (let n = 0; n < 20; n++) track(call(context()));
    await advance(800);
    for (let n = 0; n < 20; n++) track(call(context({ deadlineAt: clock.now() + 600 })));
    await advance(600);
    expect(bulkhead.limit).toBe(20);
  });

  test('but a call that came with all the time there is, and lost it in the queue, says something after an attempt timeout', async () => {
    let tookMs = 800;
    const bulkhead = createBulkhead({
      maxInFlight: 20,
      attemptTimeoutMs: ATTEMPT_TIMEOUT_MS,
      adaptiveLimit: true,
      clock,
    });
    const call = compose(
      deadline({ timeoutMs: 2_000, clock }),
      bulkhead.policy,
      bulkhead.attempts,
    )((ctx) => taking(tookMs, 'answer')(ctx));
    const crowd = async (ms: number, forMs: number) => {
      tookMs = ms;
      for (let n = 0; n < 20; n++) track(call(context()));
      await advance(forMs);
    };
    await crowd(800, 800);
    await crowd(1_400, 0);
    await crowd(1_400, 1_400);
    expect([bulkhead.limit, bulkhead.inFlight]).toEqual([20, 20]);
    await advance(600);
    expect(bulkhead.limit).toBeLessThan(20);
  });

  test('a caller who had given as long as answers usually take is no such caller', async () => {
    const { bulkhead, begin } = setup({ maxInFlight: 20, adaptiveLimit: true });
    for (let n = 0; n < 20; n++) begin(taking(150, 'answer'));
    await advance(150);
    for (let n = 0; n < 20; n++) begin(HANGS, { deadlineAt: clock.now() + 200 });
    await advance(200);
    expect(bulkhead.limit).toBeLessThan(20);
  });
});

describe('abandoned attempts', () => {
  test('take a place for half an attempt timeout more: the downstream may still be working on them', async () => {
    const { bulkhead, begin, running } = setup({ maxInFlight: 4, countAbandoned: true });
    begin(HANGS);
    begin(HANGS);
    await advance(500);
    expect([bulkhead.inFlight, bulkhead.abandoned]).toEqual([0, 2]);
    for (let n = 0; n < 4; n++) begin(HANGS);
    await advance(249);
    expect([running(), bulkhead.queued]).toEqual([2, 2]);
    await advance(1);
    expect([running(), bulkhead.queued, bulkhead.abandoned]).toEqual([4, 0, 0]);
  });

  test('take half of the places at most: callers who come and leave cannot lock out the others', async () => {
    const { bulkhead, begin, running } = setup({ maxInFlight: 4, countAbandoned: true });
    for (let n = 0; n < 40; n++) {
      const caller = new AbortController();
      begin(HANGS, { signal: caller.signal });
      caller.abort();
      await advance(0);
    }
    expect(bulkhead.abandoned).toBe(2);
    begin(HANGS);
    begin(HANGS);
    await advance(0);
    expect(running()).toBe(2);
  });

  test.each([
    ['was answered', taking(500, 'answer'), 499],
    ['failed by itself', taking(100, remoteError(503)), 100],
    [
      'was aborted before it was sent',
      (ctx: Parameters<Call<unknown>>[0]) =>
        taking(
          60_000,
          'never',
        )(ctx).catch(() => {
          throw new CallError('cancelled', 'not connected yet', { sent: 'never' });
        }),
      500,
    ],
  ])('an attempt that %s is not one', async (_what, next, afterMs) => {
    const { bulkhead, begin } = setup({ maxInFlight: 4, countAbandoned: true });
    begin(next);
    await advance(afterMs);
    expect(bulkhead.abandoned).toBe(0);
  });

  test('nobody waits for a place, nobody looks: no timer is left', async () => {
    const { bulkhead, begin } = setup({ maxInFlight: 2, countAbandoned: true });
    begin(HANGS);
    begin(HANGS);
    await advance(500);
    expect(pending()).toBe(0);
    const callers = [new AbortController(), new AbortController()];
    for (const { signal } of callers) begin(HANGS, { signal });
    await advance(0);
    expect([bulkhead.inFlight, bulkhead.queued]).toEqual([1, 1]);
    for (const caller of callers) caller.abort();
    await advance(0);
    expect(pending()).toBe(0);
  });
});

test('whatever happens, no more calls are in flight than the maximum, everybody is answered, and nothing is left behind', async () => {
  const arrival = fc.record({
    afterMs: fc.integer({ min: 0, max: 120 }),
    tookMs: fc.constantFrom(0, 20, 300, 60_000),
    withinMs: fc.constantFrom(30, 400, 2_000),
    leavesAfterMs: fc.option(fc.integer({ min: 0, max: 600 }), { nil: undefined }),
  });
  let waited = 0;
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 12 }), fc.array(arrival, { maxLength: 60 }), async (max, arrivals) => {
      const { bulkhead, begin, most } = setup({ maxInFlight: max, adaptiveLimit: true, countAbandoned: true });
      const calls = [];
      for (const { afterMs, tookMs, withinMs, leavesAfterMs } of arrivals) {
        await advance(afterMs);
        const caller = new AbortController();
        if (leavesAfterMs !== undefined) clock.after(leavesAfterMs, () => caller.abort());
        calls.push(begin(taking(tookMs, 'answer'), { signal: caller.signal, deadlineAt: clock.now() + withinMs }));
        waited += bulkhead.queued;
        expect(bulkhead.inFlight).toBeLessThanOrEqual(max);
      }
      await advance(3_000);
      expect(most()).toBeLessThanOrEqual(max);
      expect(calls.filter(({ outcome }) => outcome === 'pending')).toEqual([]);
      expect([bulkhead.inFlight, bulkhead.queued, bulkhead.abandoned, pending()]).toEqual([0, 0, 0, 0]);
    }),
  );
  expect(waited).toBeGreaterThan(0);
});
