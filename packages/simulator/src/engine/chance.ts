import type { Random } from '@halfopen/client';

/** FNV-1a over the characters of a text, continued from `hash`. */
function hashText(text: string, hash: number): number {
  let mixed = hash;
  for (let index = 0; index < text.length; index++) mixed = Math.imul(mixed ^ text.charCodeAt(index), 0x0100_0193);
  return mixed;
}

const FNV_OFFSET = 0x811c_9dc5;
/** The golden ratio in 32 bits: steps of it visit every state. */
const GOLDEN = 0x9e37_79b9;

/** Finalizer of splitmix32: every bit of the state changes about half of the bits of the result. */
function mix(state: number): number {
  let mixed = Math.imul(state ^ (state >>> 16), 0x21f0_aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

/**
 * Random numbers for one entity and one purpose. They depend on seed and name alone: what other entities draw, or whether there are
 * others, changes nothing. So variants of one seed share what is drawn under the same name (common random numbers).
 * @returns sfc32 (C. Doty-Humphrey, PractRand), uniform in [0, 1)
 */
export function randomStream(seed: number, name: string): Random {
  let state = hashText(name, FNV_OFFSET ^ mix(seed));
  const word = () => {
    state = (state + GOLDEN) | 0;
    return mix(state) | 0;
  };
  let a = word();
  let b = word();
  let c = word();
  let d = word();
  return () => {
    const sum = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
}

/** What tells one attempt from all others: who asks, and for the how-manieth time. */
export interface AttemptIdentity {
  /** The id of the request, the same for all attempts of one call. */
  readonly id: string;
  /** From 1. */
  readonly attempt: number;
}

/** Random numbers that belong to one attempt. */
export interface AttemptChance {
  /** The numbers of this attempt from the first one on. They are valid until the next call of `of`. */
  of(attempt: AttemptIdentity): Random;
}

/**
 * Random numbers for each attempt, whatever order attempts arrive in. A variant that sends more or other attempts leaves the victims
 * and the service times of all others as they were: variants can be compared call by call.
 */
export function attemptChance(seed: number, name: string): AttemptChance {
  const base = hashText(name, FNV_OFFSET ^ mix(seed));
  let state = 0;
  const random = () => {
    state = (state + GOLDEN) | 0;
    return mix(state) / 2 ** 32;
  };
  return {
    of({ id, attempt }) {
      state = mix(hashText(id, base) ^ Math.imul(attempt, GOLDEN)) | 0;
      return random;
    },
  };
}
