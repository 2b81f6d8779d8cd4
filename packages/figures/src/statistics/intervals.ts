import { runLevel, widenedByRuns } from './between-runs.ts';
import { blockLength, type Sample } from './block-length.ts';
import {
  type BootstrapOptions,
  type Interval,
  observedOf,
  percentileInterval,
  resampled,
  resamplesFor,
} from './bootstrap.ts';
import { independentBlocks } from './freedom.ts';
import { hull, wilsonInterval } from './score-interval.ts';

/** A figure, and how certain it is. */
export interface Estimate {
  readonly value: number;
  /** `null`: there is too little data for an interval. */
  readonly interval: Interval | null;
}

/**
 * A share, such as success, of arrivals that are 1 or 0 each.
 *
 * The result covers two intervals: the block bootstrap knows that failures come in bursts, and Wilson's knows that a
 * thousand successes out of a thousand do not prove 100 %.
 * @param runs one entry per run, each in order of arrival
 * @throws RangeError when there is no arrival, or a value is neither 0 nor 1
 */
export function shareInterval(runs: readonly Sample[], options: BootstrapOptions): Estimate {
  const n = arrivalsOf(runs);
  const value = observedOf(runs, MEAN);
  for (const run of runs) for (const one of Array.from(run)) if (one !== 0 && one !== 1) throw notAShare(one);
  const wilson = wilsonInterval(Math.round(value * n), n, options.level ?? 0.95);
  const [low, high] = widenedByRuns(
    hull(wilson, bootstrapOfMean(runs, value, options)),
    value,
    [runLevel(runs, MEAN)],
    options,
  );
  return { value, interval: [Math.max(0, low), Math.min(1, high)] };
}

/**
 * A mean of the arrivals, such as amplification: attempts that the greeter saw, divided by requests.
 * @throws RangeError when there is no arrival
 */
export function meanInterval(runs: readonly Sample[], options: BootstrapOptions): Estimate {
  arrivalsOf(runs);
  const value = observedOf(runs, MEAN);
  return {
    value,
    interval: widenedByRuns(bootstrapOfMean(runs, value, options), value, [runLevel(runs, MEAN)], options),
  };
}

/**
 * A quantile, such as p99 (`q` = 0.99), by nearest rank.
 *
 * The interval is that of the share of arrivals at or below the quantile, read off as latencies (R. Woodruff 1952). It
 * is as good as resampling the quantile itself, and it shows when there are too few arrivals: of n arrivals, even the
 * slowest is below the true quantile with probability q^n, and if that is more than half of the permitted error there
 * is no upper end. For p99 at 95 % that takes 368 arrivals, for p99.9 3,688.
 * @throws RangeError when there is no arrival
 */
export function quantileInterval(runs: readonly Sample[], q: number, options: BootstrapOptions): Estimate {
  const n = arrivalsOf(runs);
  const value = observedOf(runs, { kind: 'quantile', q });
  if (!reachesQuantile(q, n, options.level ?? 0.95)) return { value, interval: null };
  const atOrBelow = runs.map((run) => Uint8Array.from(run, (one) => (one <= value ? 1 : 0)));
  const share = shareInterval(atOrBelow, { ...options, betweenRuns: false });
  // Ties push the share at the value above q: what is uncertain is its deviation from its own mean.
  const [low, high] = (share.interval as Interval).map((end) => end - share.value + q) as [number, number];
  const at = (p: number) => observedOf(runs, { kind: 'quantile', q: p });
  const interval = [Math.min(value, at(low)), Math.max(value, at(high))] as const;
  return { value, interval: widenedByRuns(interval, value, [runLevel(runs, { kind: 'quantile', q })], options) };
}

/** Whether `n` arrivals are enough for both ends of an interval of this quantile. */
export function reachesQuantile(q: number, n: number, level: number): boolean {
  const tail = (1 - level) / 2;
  return q ** n <= tail && (1 - q) ** n <= tail;
}

const MEAN = { kind: 'mean' } as const;

function bootstrapOfMean(runs: readonly Sample[], value: number, options: BootstrapOptions): Interval {
  const blocks = runs.map(blockLength);
  const means = resampled(runs, MEAN, blocks, options.seed, resamplesFor(options));
  return percentileInterval(means, value, options.level ?? 0.95, worthOf(runs, blocks));
}

/** How many independent blocks each run is worth. */
export function worthOf(weights: readonly Sample[], blocks: readonly number[]): number[] {
  return weights.map((run, index) => independentBlocks(run, blocks[index] as number));
}

/** @throws RangeError when there is none */
function arrivalsOf(runs: readonly Sample[]): number {
  const count = runs.reduce((sum, run) => sum + run.length, 0);
  if (count === 0) throw new RangeError('no interval of nothing: there is no arrival in the sample');
  return count;
}

function notAShare(value: number): RangeError {
  return new RangeError(`a share is made of zeros and ones, not of ${value}`);
}
