import type { Random } from './clock.ts';

export interface Backoff {
  /** Upper bound of the first back-off. */
  readonly baseMs: number;
  /** Upper bound of every back-off. */
  readonly capMs: number;
}

/**
 * Full jitter: uniform between 0 and `min(cap, base · 2^retry)`, `retry` from 0. Spreads the retries of many clients evenly, where equal
 * back-offs would arrive as one wave (M. Brooker, "Exponential Backoff And Jitter", 2015).
 */
export function fullJitterMs({ baseMs, capMs }: Backoff, retry: number, random: Random): number {
  return random() * Math.min(capMs, baseMs * 2 ** retry);
}
