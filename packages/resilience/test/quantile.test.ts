import { expect, test } from 'vitest';
import { createQuantile } from '../src/quantile.ts';

function observing(quantile: number, ...values: number[]) {
  const one = createQuantile(quantile);
  for (const value of values) one.observe(value);
  return one;
}

const to = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

test('says nothing of fewer than 20 observations', () => {
  expect(observing(0.95, ...to(19)).value).toBeUndefined();
  expect(observing(0.95, ...to(20)).value).toBe(19);
});

test.each([
  [0.001, 1],
  [0.01, 2],
  [0.5, 64],
  [0.95, 122],
  [1, 128],
])('quantile %f of 1 to 128, whatever their order, is %i: so many of them are no larger', (quantile, expected) => {
  expect(observing(quantile, ...to(128)).value).toBe(expected);
  expect(observing(quantile, ...to(128).toReversed()).value).toBe(expected);
});

test('follows the last 128: what was before is forgotten', () => {
  const values = observing(0.5, ...Array<number>(128).fill(5_000), ...Array<number>(64).fill(10));
  expect(values.value).toBe(10);
  for (let i = 0; i < 64; i++) values.observe(10);
  expect(values.value).toBe(10);
  expect(observing(1, ...Array<number>(128).fill(5_000), ...Array<number>(128).fill(10)).value).toBe(10);
});

test('is at most 16 observations old', () => {
  const values = observing(1, ...to(20));
  for (let i = 0; i < 16; i++) values.observe(1_000);
  expect(values.value).toBe(1_000);
});
