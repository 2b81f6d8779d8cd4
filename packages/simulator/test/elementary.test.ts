import { expect, test } from 'vitest';
import { exp, ln } from '../src/engine/elementary.ts';

/** As far from Math's result as 4 units in the last place, relative. Math's own may be one off. */
const TOLERANCE = 4 * Number.EPSILON;

test('the logarithm is right over the range that distributions use', () => {
  for (let power = -60; power <= 60; power += 0.37) {
    const x = 2 ** power;
    expect(Math.abs(ln(x) - Math.log(x))).toBeLessThanOrEqual(TOLERANCE * Math.max(1, Math.abs(Math.log(x))));
  }
  expect(ln(1)).toBe(0);
});

test('the logarithm is exact near one, where a difference would cancel', () => {
  for (const x of [1 - 2 ** -32, 1 + 2 ** -32, 0.999, 1.001]) {
    expect(Math.abs(ln(x) / Math.log(x) - 1)).toBeLessThan(TOLERANCE);
  }
});

test('the exponential is right', () => {
  for (let x = -40; x <= 40; x += 0.173) {
    expect(Math.abs(exp(x) / Math.exp(x) - 1)).toBeLessThan(40 * TOLERANCE);
  }
});
