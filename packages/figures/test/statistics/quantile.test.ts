import { expect, test } from 'vitest';
import { quantile } from '../../src/statistics/quantile.ts';

test.each([
  [[], 0.5, null],
  [[7], 0.99, 7],
  [[3, 1, 2], 0, 1],
  [[3, 1, 2], 0.5, 2],
  [[4, 3, 1, 2], 0.5, 2],
  [[3, 1, 2], 1, 3],
])('the quantile of %j at %d is %s: a value that somebody had', (values, q, expected) => {
  expect(quantile(values, q)).toBe(expected);
});

test('0.99 of 200 is the 198th, whatever floating point makes of 0.99 × 200', () => {
  expect(
    quantile(
      Float64Array.from({ length: 200 }, (_, index) => index + 1),
      0.99,
    ),
  ).toBe(198);
});
