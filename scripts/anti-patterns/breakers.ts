import { type BreakerOptions, createBreaker } from '../../packages/client/src/index.ts';
import { breakerOptions, chance } from '../../packages/resilience/test/calls.ts';
import type { Figure } from './measurement.ts';

/** Our breaker as a service has it by default. */
export const defaultBreaker = (changes: Partial<BreakerOptions> = {}) =>
  createBreaker(breakerOptions({ random: chance(), ...changes }));

/** Calls one after another until the breaker is open, `most` at the most. */
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
