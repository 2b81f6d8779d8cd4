import type { Interval } from './bootstrap.ts';
import { normalQuantile } from './normal.ts';

/**
 * Wilson's score interval for `hits` out of `n` independent tries. When none or nearly none failed, a bootstrap has
 * nothing to draw and claims certainty; this interval does not.
 */
export function wilsonInterval(hits: number, n: number, level: number): Interval {
  const z2 = normalQuantile((1 - level) / 2) ** 2;
  const share = hits / n;
  const centre = (share + z2 / (2 * n)) / (1 + z2 / n);
  const half = (Math.sqrt(z2) * Math.sqrt((share * (1 - share)) / n + z2 / (4 * n * n))) / (1 + z2 / n);
  return [hits === 0 ? 0 : centre - half, hits === n ? 1 : centre + half];
}

/**
 * The interval of the difference of two shares of the same `n` tries, from the tries that only one of the two won (A.
 * Agresti and Y. Min 2005, Wald with half a try added to each cell). It complements the bootstrap when the two hardly
 * ever differ.
 */
export function matchedInterval(won: number, lost: number, n: number, level: number): Interval {
  const z = -normalQuantile((1 - level) / 2);
  const total = n + 2;
  const difference = (won - lost) / total;
  const half = z * Math.sqrt(((won + lost + 1) / total - difference ** 2) / total);
  return [difference - half, difference + half];
}

/** The smallest interval that contains both. */
export function hull(a: Interval, b: Interval): Interval {
  return [Math.min(a[0], b[0]), Math.max(a[1], b[1])];
}
