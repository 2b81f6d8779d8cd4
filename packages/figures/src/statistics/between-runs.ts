import { meanOf, type Sample } from './block-length.ts';
import { type BootstrapOptions, type Interval, observedOf, type Statistic } from './bootstrap.ts';
import { studentQuantile } from './normal.ts';
import { hull } from './score-interval.ts';

/**
 * With fewer runs, their spread is unknown. Two runs give one distance, from which Student's interval is six times as
 * wide as the normal one and says nothing.
 */
export const LEAST_RUNS = 3;

/**
 * The interval, or a wider one if the runs differ more than it accounts for.
 *
 * A bootstrap resamples within each run, so it does not see what a whole run has in common, such as the speed of the
 * machine during it or the code that the compiler produced. Student's interval from one value per run does, but from
 * few values. Neither is enough alone, so the result covers both. It is centred on the value of all arrivals, like the
 * bootstrap's.
 * @param sides the values of the runs: one entry for a figure or for paired differences, two for unpaired runs (Welch)
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

/** The statistic of each run that has arrivals. */
export function runLevel(runs: readonly Sample[], statistic: Statistic): number[] {
  return runs.filter(({ length }) => length > 0).map((run) => observedOf([run], statistic));
}

function varianceOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
}
