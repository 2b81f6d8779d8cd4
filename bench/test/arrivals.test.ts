import { expect, test } from 'vitest';
import { poissonArrivals } from '../src/load/arrivals.ts';

test('Poisson arrivals come at the rate, ascending, and again for the same seed', () => {
  const dueMs = poissonArrivals(500, 20, 1);
  // 10,000 expected; the standard deviation of the count is 100.
  expect(Math.abs(dueMs.length - 10_000)).toBeLessThan(500);
  expect(dueMs.every((due, index) => due > (dueMs[index - 1] ?? 0) && due < 20_000)).toBe(true);
  expect(poissonArrivals(500, 20, 1)).toEqual(dueMs);
  expect(poissonArrivals(500, 20, 2)).not.toEqual(dueMs);
  // Independent gaps: as many are shorter than the median of an exponential as are longer.
  const gaps = dueMs.map((due, index) => due - (dueMs[index - 1] ?? 0));
  const short = gaps.filter((gap) => gap < Math.LN2 * 2).length / gaps.length;
  expect(short).toBeGreaterThan(0.48);
  expect(short).toBeLessThan(0.52);
});
