import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/**
 * Seeded random numbers in [0, 1). Each purpose has a sequence of its own, so drawing more numbers for one does not
 * change the others.
 */
export function chance(seed: number, purpose: 'arrivals' | 'mix' | 'service'): () => number {
  const generator = xoroshiro128plus(Math.imul(seed, 0x9e3779b1) ^ SALT[purpose]);
  return () => uniformFloat64(generator);
}

const SALT = { arrivals: 0x5bd1e995, mix: 0x27d4eb2f, service: 0x165667b1 };
