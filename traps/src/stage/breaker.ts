import { type BreakerOptions, createBreaker } from '@halfopen/client';
import { chance } from '@halfopen/testing';
import type { Figure } from '../measurement.ts';

/** Our breaker with the default settings of a service, and seeded chance. */
export const defaultBreaker = (changes: Partial<BreakerOptions> = {}) =>
  createBreaker({ random: chance(), ...changes });

/** Makes calls one after another until the breaker opens. @returns the number of calls, at most `most` */
export async function callsUntilOpen(
  most: number,
  call: () => Promise<unknown>,
  isOpen: () => boolean,
): Promise<Figure> {
  for (let calls = 1; calls <= most; calls++) {
    await call().catch(() => undefined);
    if (isOpen()) return { amount: calls, ended: 'open' };
  }
  return { amount: most, ended: 'still closed' };
}
