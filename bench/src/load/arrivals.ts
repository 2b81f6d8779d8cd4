import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/**
 * Poisson arrivals: when each request is due, in milliseconds from the start, ascending.
 * @param seed the same seed gives the same arrivals
 */
export function poissonArrivals(ratePerS: number, seconds: number, seed: number): Float64Array {
  const random = xoroshiro128plus(seed);
  const gapMs = () => (-Math.log(1 - uniformFloat64(random)) / ratePerS) * 1_000;
  const dueMs: number[] = [];
  for (let due = gapMs(); due < seconds * 1_000; due += gapMs()) dueMs.push(due);
  return Float64Array.from(dueMs);
}
