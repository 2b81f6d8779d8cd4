import { describe, expect, test } from 'vitest';
import { agrees, meanOf, medianOf, shareOf, sharesText, withInterval } from '../../src/reproduce/measured.ts';

describe('figures over seeds', () => {
  test("a mean has Student's interval", () => {
    // t(0.995, 4) = 4.604, standard deviation √2.5.
    const { value, low, high } = meanOf([1, 2, 3, 4, 5]);
    expect(value).toBe(3);
    expect(high - value).toBeCloseTo((4.604 * Math.sqrt(2.5)) / Math.sqrt(5), 2);
    expect(value - low).toBeCloseTo(high - value, 10);
  });

  test("a share has Wilson's interval: none of a hundred is no proof of none", () => {
    const none = shareOf(Array.from({ length: 100 }, () => false));
    expect(none).toMatchObject({ value: 0, low: 0, runs: 100 });
    expect(none.high).toBeCloseTo(0.062, 3);
    expect(sharesText(none)).toBe('0 of 100 (0 to 6 %)');
  });

  test('a median counts what never came', () => {
    expect(medianOf([3, Infinity, 1, Infinity, Infinity]).value).toBe(Infinity);
    expect(medianOf([3, Infinity, 1]).value).toBe(3);
  });

  test('without a run there is nothing to say', () => {
    expect(withInterval(meanOf([]), String)).toBe('–');
    expect(sharesText(shareOf([]))).toBe('–');
    expect(agrees(meanOf([]), 1, 1)).toBeNull();
  });

  test('agreement is by the interval or by the tolerance, whichever is wider', () => {
    expect(agrees(meanOf([1, 2, 3]), 2.5, 0.01)).toBe(true);
    expect(agrees(meanOf([2, 2, 2]), 2.1, 0.1)).toBe(true);
    expect(agrees(meanOf([2, 2, 2]), 2.5, 0.1)).toBe(false);
  });
});
