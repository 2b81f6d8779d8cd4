import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { Random } from '../clock.ts';

/** Chance that repeats: the same seed gives the same numbers in [0, 1). @param seed a whole number. Default 1 */
export function chance(seed = 1): Random {
  const generator = xoroshiro128plus(seed);
  return () => uniformFloat64(generator);
}
