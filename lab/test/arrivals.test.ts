import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { experimentForm, type Load } from '../src/experiment/format.ts';
import { arrivalsOf } from '../src/load/arrivals.ts';
import { indexOfRequestId, requestIdOf } from '../src/load/request-id.ts';

const load = (over: Partial<z.input<typeof experimentForm.shape.load>> = {}): Load =>
  experimentForm.shape.load.parse({ ratePerS: 200, warmUpS: 2, beforeS: 10, duringS: 20, afterS: 10, ...over });
const within = (dueMs: Float64Array, fromS: number, toS: number) =>
  dueMs.filter((due) => due >= fromS * 1_000 && due < toS * 1_000).length;

describe('Poisson arrivals', () => {
  const { dueMs } = arrivalsOf(load(), 1);

  test('have the rate, the order and the span that was asked for', () => {
    // 8,400 on average; four standard deviations are 367.
    expect(Math.abs(dueMs.length - 8_400)).toBeLessThan(367);
    expect(dueMs[0]).toBeGreaterThanOrEqual(-2_000);
    expect(dueMs.at(-1)).toBeLessThan(40_000);
    expect([...dueMs]).toEqual([...dueMs].toSorted((a, b) => a - b));
  });

  test('have gaps of an exponential distribution: as spread as they are long', () => {
    const gaps = Array.from(dueMs.subarray(1), (due, index) => due - (dueMs[index] as number));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
    expect(mean).toBeCloseTo(5, 0);
    expect(deviation / mean).toBeGreaterThan(0.95);
    expect(deviation / mean).toBeLessThan(1.05);
  });

  test('are the same for the same seed, others for another one', () => {
    expect(arrivalsOf(load(), 1).dueMs).toEqual(dueMs);
    expect(arrivalsOf(load(), 2).dueMs[0]).not.toBe(dueMs[0]);
  });
});

test('constant arrivals are evenly spaced, and as many in each phase as the rate says', () => {
  const { dueMs } = arrivalsOf(load({ arrivals: 'constant' }), 1);
  expect(dueMs.length).toBe(8_400);
  expect(dueMs[0]).toBeCloseTo(-1_997.5, 6);
  expect(dueMs[1]).toBeCloseTo(-1_992.5, 6);
  expect(within(dueMs, 0, 10)).toBe(2_000);
});

test('ramps: straight lines from point to point, two at one time are a step', () => {
  const ramps = [
    { atS: 10, ratePerS: 200 },
    { atS: 10, ratePerS: 400 },
    { atS: 30, ratePerS: 0.001 },
  ];
  const { dueMs } = arrivalsOf(load({ arrivals: 'constant', ramps }), 1);
  expect(within(dueMs, 0, 10)).toBe(2_000);
  // The triangle: half of 400 a second over 20 s, three quarters of it in the first half.
  expect(within(dueMs, 10, 30)).toBeCloseTo(4_000, -1);
  expect(within(dueMs, 10, 20)).toBeCloseTo(3_000, -1);
  expect(within(dueMs, 30, 40)).toBeLessThanOrEqual(1);
});

test('the mix has the weights that were asked for, and does not move the arrivals', () => {
  const entry = { method: 'GET' as const, path: '/', headers: {}, expect: { status: 200 } };
  const mixed = arrivalsOf(
    load({
      mix: [
        { ...entry, weight: 1 },
        { ...entry, weight: 3 },
      ],
    }),
    1,
  );
  const second = mixed.entry.filter((index) => index === 1).length / mixed.entry.length;
  expect(second).toBeGreaterThan(0.73);
  expect(second).toBeLessThan(0.77);
  expect(mixed.dueMs).toEqual(arrivalsOf(load(), 1).dueMs);
});

test('a request id names the arrival, in every variant of the same seed', () => {
  expect(requestIdOf(7, 12)).toBe('lab-7-12');
  expect(indexOfRequestId(7, requestIdOf(7, 12))).toBe(12);
  expect(indexOfRequestId(7, requestIdOf(8, 12))).toBeUndefined();
  expect(indexOfRequestId(7, 'lab-7-x')).toBeUndefined();
});
