import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createAdaptiveLimit } from '../src/adaptive-limit.ts';
import { useVirtualTime } from './virtual-time.ts';

const { clock, advance } = useVirtualTime();

const ROUND_MS = 500;

function setup({ maxInFlight = 128 } = {}) {
  const limit = createAdaptiveLimit({ maxInFlight, attemptTimeoutMs: ROUND_MS, clock });
  /** So many attempts end now. Unless said otherwise, they began just now and filled the limit. */
  const end = (count: number, answered: boolean, { tookMs = 0, inFlight = limit.current } = {}) => {
    for (let n = 0; n < count; n++) limit.observe({ startedAt: clock.now() - tookMs, inFlight, answered });
  };
  /** An overload with 20 calls in flight, which leaves 14 places. */
  const cutDown = async () => {
    end(10, false, { inFlight: 20 });
    await advance(1);
  };
  return { limit, end, cutDown };
}

describe('adaptive limit', () => {
  test('begins with 128, or with the most if that is less', () => {
    expect(setup({ maxInFlight: 1_000 }).limit.current).toBe(128);
    expect(setup({ maxInFlight: 8 }).limit.current).toBe(8);
    expect(setup({ maxInFlight: 1 }).limit.current).toBe(1);
  });

  test('more than a fifth without an answer cuts it to 0.7 of what was in flight', () => {
    const { limit, end } = setup();
    end(8, true, { inFlight: 100 });
    end(1, false, { inFlight: 100 });
    end(1, false, { inFlight: 100 });
    expect(limit.current).toBe(128);
    end(1, false, { inFlight: 100 });
    expect(limit.current).toBe(70);
  });

  test('fewer than ten outcomes prove nothing', () => {
    const { limit, end } = setup();
    end(9, false);
    expect(limit.current).toBe(128);
    end(1, false);
    expect(limit.current).toBe(89);
  });

  test('attempts that began before a cut do not cut it again: they waited in the queue that the cut is to end', async () => {
    const { limit, end } = setup();
    end(10, false);
    await advance(400);
    end(100, false, { tookMs: 450 });
    expect(limit.current).toBe(89);
  });

  test('it is never cut below 2, nor above what was allowed', async () => {
    const { limit, end } = setup();
    for (let n = 0; n < 40; n++) {
      await advance(ROUND_MS);
      end(10, false);
    }
    expect(limit.current).toBe(2);
    end(10, false, { inFlight: 50 });
    expect(limit.current).toBe(2);
  });

  test('a slow downstream that answers is left alone, however slow it is', async () => {
    const { limit, end } = setup();
    for (let n = 0; n < 100; n++) {
      await advance(100);
      end(20, true, { tookMs: 499 });
    }
    expect(limit.current).toBe(128);
  });

  test('while answers are fast it grows by half, as soon as a whole limit of them has come', async () => {
    const { limit, end, cutDown } = setup();
    await cutDown();
    end(13, true);
    expect(limit.current).toBe(14);
    end(1, true);
    expect(limit.current).toBe(21);
  });

  test('with slow answers it grows once a round, by a place', async () => {
    const { limit, end, cutDown } = setup();
    await cutDown();
    await advance(300);
    end(50, true, { tookMs: 250 });
    expect(limit.current).toBe(14);
    await advance(200);
    end(10, true, { tookMs: 250 });
    expect(limit.current).toBe(15);
  });

  test('a limit that was not used does not grow', async () => {
    const { limit, end, cutDown } = setup();
    await cutDown();
    for (let n = 0; n < 5; n++) {
      await advance(ROUND_MS);
      end(50, true, { inFlight: 12 });
    }
    expect(limit.current).toBe(14);
  });

  test('ten rounds after a cut, it grows fast again although answers are slow: a service may need 400 of 500 ms', async () => {
    const { limit, end, cutDown } = setup();
    await cutDown();
    await advance(10 * ROUND_MS);
    end(10, true, { tookMs: 400 });
    expect(limit.current).toBe(15);
    end(15, true, { tookMs: 400 });
    expect(limit.current).toBe(22);
  });

  test('a new one reaches a large maximum in a few answers', async () => {
    const { limit, end } = setup({ maxInFlight: 1_000 });
    for (let n = 0; n < 6; n++) {
      await advance(400);
      end(limit.current, true, { tookMs: 400 });
    }
    expect(limit.current).toBe(1_000);
  });

  const sample = fc.record({
    afterMs: fc.integer({ min: 0, max: 400 }),
    tookMs: fc.integer({ min: 0, max: 500 }),
    inFlight: fc.integer({ min: 1, max: 300 }),
    answered: fc.boolean(),
    times: fc.integer({ min: 1, max: 30 }),
  });

  test('whatever happens, it stays a whole number from 1 to the most, and from 2 if there are two', async () => {
    const lows: number[] = [];
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 300 }), fc.array(sample), async (maxInFlight, samples) => {
        const limit = createAdaptiveLimit({ maxInFlight, attemptTimeoutMs: ROUND_MS, clock });
        for (const { afterMs, tookMs, times, ...rest } of samples) {
          await advance(afterMs);
          for (let n = 0; n < times; n++) limit.observe({ ...rest, startedAt: clock.now() - tookMs });
          expect(Number.isInteger(limit.current)).toBe(true);
          expect(limit.current).toBeGreaterThanOrEqual(Math.min(2, maxInFlight));
          expect(limit.current).toBeLessThanOrEqual(maxInFlight);
        }
        lows.push(limit.current / maxInFlight);
      }),
    );
    expect(Math.min(...lows)).toBeLessThan(1);
  });

  test('a tenth that goes unanswered never cuts it, whenever it comes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(sample, { minLength: 1 }), async (samples) => {
        const { limit } = setup();
        for (const { afterMs, tookMs, inFlight, answered } of samples) {
          const before = limit.current;
          await advance(afterMs);
          for (let n = 0; n < 9; n++) limit.observe({ startedAt: clock.now() - tookMs, inFlight, answered: true });
          limit.observe({ startedAt: clock.now() - tookMs, inFlight, answered });
          expect(limit.current).toBeGreaterThanOrEqual(before);
        }
      }),
    );
  });
});
