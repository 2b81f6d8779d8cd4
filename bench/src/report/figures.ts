import { type Estimate, quantileInterval } from '@halfopen/figures/statistics';
import type { Measurements } from '../result.ts';

/** The draws of the bootstrap are the same for everybody. */
const SEED = 1;

/** The median of the rounds, with its 95 % interval; fewer than six rounds have none. */
export function median(rounds: readonly number[]): Estimate {
  return quantileInterval([rounds], 0.5, { seed: SEED });
}

/** How many times `a` is of `b`, round by round: what hit both of them in a round cancels out. */
export function ratio(a: readonly number[], b: readonly number[]): Estimate {
  return median(quotients(a, b));
}

/** By what share `a` exceeds `b`, round by round. */
export function excess(a: readonly number[], b: readonly number[]): Estimate {
  return median(quotients(a, b).map((quotient) => quotient - 1));
}

function quotients(a: readonly number[], b: readonly number[]): number[] {
  if (a.length !== b.length) throw new RangeError(`pairs need as many rounds, not ${a.length} and ${b.length}`);
  return a.map((one, round) => one / (b[round] as number));
}

/** How far, as a share of their mean, the value lies that lies farthest from it. 0: flat. */
export function unevenness(values: readonly number[]): number {
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
  return Math.max(...values.map((one) => Math.abs(one / mean - 1)));
}

/** How busy the machine was with other things, in cores: the median of all windows, and the busiest one. */
export function disturbance({ othersCores }: Pick<Measurements, 'othersCores'>): { median: number; most: number } {
  const all = Object.values(othersCores).flat();
  return { median: median(all).value, most: Math.max(...all) };
}
