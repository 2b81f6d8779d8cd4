import { meanOf, type Sample } from './block-length.ts';
import { type BootstrapOptions, type Interval, observedOf, type Statistic } from './bootstrap.ts';
import { studentQuantile } from './normal.ts';
import { hull } from './score-interval.ts';

/** From how many runs on it is known how they differ. Two know their distance from one value; Student's interval of that is six times the normal one and says nothing. */
export const LEAST_RUNS = 3;

/**
 * The interval, or a wider one where the runs differ among each other by more than it knows.
 *
 * A bootstrap resamples within each run and so knows nothing of what a whole run has by itself: the speed of the machine in these
 * seconds, the code that a compiler came to. Student's interval from one value a run knows that, but from few values. Neither
 * is enough alone, so both must hold. It lies around the value of all arrivals, as the bootstrap's does.
 * @param sides the runs' own values: one entry for a figure or for the differences of pairs, two for runs that are no pairs (Welch)
 */
export function widenedByRuns(
  interval: Interval,
  value: number,
  sides: readonly (readonly number[])[],
  { betweenRuns = true, level = 0.95 }: BootstrapOptions,
): Interval {
  if (!betweenRuns || sides.some(({ length }) => length < LEAST_RUNS)) return interval;
  const parts = sides.map((runs) => ({ ofMean: varianceOf(runs) / runs.length, freedom: runs.length - 1 }));
  const variance = parts.reduce((sum, { ofMean }) => sum + ofMean, 0);
  if (variance === 0) return interval;
  const freedom = variance ** 2 / parts.reduce((sum, part) => sum + part.ofMean ** 2 / part.freedom, 0);
  const half = studentQuantile((1 + level) / 2, freedom) * Math.sqrt(variance);
  return hull(interval, [value - half, value + half]);
}

/** The statistic of each run that had an arrival. */
export function runLevel(runs: readonly Sample[], statistic: Statistic): number[] {
  return runs.filter(({ length }) => length > 0).map((run) => observedOf([run], statistic));
}

function varianceOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
}
