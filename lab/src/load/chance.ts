import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/**
 * Chance that can be repeated: numbers in [0, 1) that belong to the seed and to what they are for, so that one purpose
 * drawing more often does not change what another one gets.
 */
export function chance(seed: number, purpose: 'arrivals' | 'mix' | 'service'): () => number {
  const generator = xoroshiro128plus(Math.imul(seed, 0x9e3779b1) ^ SALT[purpose]);
  return () => uniformFloat64(generator);
}

const SALT = { arrivals: 0x5bd1e995, mix: 0x27d4eb2f, service: 0x165667b1 };
