import { runLevel, widenedByRuns } from './between-runs.ts';
import { blockLength, type Sample } from './block-length.ts';
import {
  type BootstrapOptions,
  type Interval,
  observedOf,
  percentileInterval,
  resampled,
  resamplesFor,
  type Statistic,
} from './bootstrap.ts';
import { type Estimate, reachesQuantile, worthOf } from './intervals.ts';
import { hull, matchedInterval, wilsonInterval } from './score-interval.ts';

/**
 * The difference `a` − `b` when the same index is the same arrival: the same time, the same failing request.
 *
 * Both are resampled with the same draws, so what they have in common (a fault that hits both) cancels out, and a
 * difference of one percent can be seen although each share alone is uncertain by five. The block length is that of the
 * difference, arrival by arrival; for a quantile, of how the two arrivals weigh on it.
 *
 * For shares, the result also covers the interval for matched pairs, which knows that two equal samples do not prove
 * equality.
 * @throws RangeError when the two do not have the same shape
 */
export function pairedDifference(
  a: readonly Sample[],
  b: readonly Sample[],
  statistic: Statistic | 'share',
  options: BootstrapOptions,
): Estimate {
  const level = options.level ?? 0.95;
  const plain = statistic === 'share' ? ({ kind: 'mean' } as const) : statistic;
  const [weightA, weightB] = [influences(a, plain), influences(b, plain)];
  const remains = weightA.map((run, index) => subtract(run, weightB[index]));
  if (a.length !== b.length)
    throw new RangeError(`pairs need as many runs on both sides, not ${a.length} and ${b.length}`);
  if (!enough(a, plain, level)) return { value: observedOf(a, plain) - observedOf(b, plain), interval: null };
  const blocks = remains.map(blockLength);
  const draw = (runs: readonly Sample[]) => resampled(runs, plain, blocks, options.seed, resamplesFor(options));
  const value = observedOf(a, plain) - observedOf(b, plain);
  const [left, right] = [draw(a), draw(b)];
  const differences = left.map((one, round) => one - (right[round] as number));
  const own = runLevel(b, plain);
  const interval = widenedByRuns(
    percentileInterval(differences, value, level, worthOf(remains, blocks)),
    value,
    [runLevel(a, plain).map((one, run) => one - (own[run] as number))],
    options,
  );
  if (statistic !== 'share') return { value, interval };

  let [won, lost, n] = [0, 0, 0];
  for (const run of remains) {
    n += run.length;
    for (const one of run) {
      if (one > 0) won++;
      if (one < 0) lost++;
    }
  }
  return { value, interval: ofShares(hull(interval, matchedInterval(won, lost, n, level))) };
}

/**
 * The difference `a` − `b` when the two have no arrival in common: each is resampled on its own. It is wider than a
 * paired difference, because chance hit the two separately.
 */
export function unpairedDifference(
  a: readonly Sample[],
  b: readonly Sample[],
  statistic: Statistic | 'share',
  options: BootstrapOptions,
): Estimate {
  const level = options.level ?? 0.95;
  const plain = statistic === 'share' ? ({ kind: 'mean' } as const) : statistic;
  const sides = [a, b].map((runs, side) => {
    const weights = influences(runs, plain);
    const blocks = weights.map(blockLength);
    return {
      value: observedOf(runs, plain),
      // Different draws on the other side.
      values: resampled(runs, plain, blocks, options.seed + side, resamplesFor(options)),
      blocks: worthOf(weights, blocks),
      n: runs.reduce((sum, run) => sum + run.length, 0),
    };
  });
  const [left, right] = sides as [(typeof sides)[0], (typeof sides)[0]];
  const value = left.value - right.value;
  if (!enough(a, plain, level) || !enough(b, plain, level)) return { value, interval: null };
  const differences = left.values.map((one, round) => one - (right.values[round] as number));
  const interval = widenedByRuns(
    percentileInterval(differences, value, level, [...left.blocks, ...right.blocks]),
    value,
    [runLevel(a, plain), runLevel(b, plain)],
    options,
  );
  if (statistic !== 'share') return { value, interval };

  // R. Newcombe 1998: from Wilson's interval of each side.
  const [wilsonLeft, wilsonRight] = [left, right].map((side) => ({
    value: side.value,
    interval: wilsonInterval(Math.round(side.value * side.n), side.n, level),
  })) as [WilsonSide, WilsonSide];
  const newcombe = [
    value - Math.hypot(wilsonLeft.value - wilsonLeft.interval[0], wilsonRight.interval[1] - wilsonRight.value),
    value + Math.hypot(wilsonLeft.interval[1] - wilsonLeft.value, wilsonRight.value - wilsonRight.interval[0]),
  ] as const;
  return { value, interval: ofShares(hull(interval, newcombe)) };
}

/** A resample never holds a value beyond the slowest one seen: without enough arrivals its tail is not an estimate. */
function enough(runs: readonly Sample[], statistic: Statistic, level: number): boolean {
  const n = runs.reduce((sum, { length }) => sum + length, 0);
  return statistic.kind === 'mean' || reachesQuantile(statistic.q, n, level);
}

/** Two shares differ by at most 1. */
function ofShares([low, high]: Interval): Interval {
  return [Math.max(-1, low), Math.min(1, high)];
}

interface WilsonSide {
  readonly value: number;
  readonly interval: Interval;
}

/** How each arrival weighs on the statistic: its value for a mean, its side for a quantile. */
function influences(runs: readonly Sample[], statistic: Statistic): Float64Array[] {
  if (statistic.kind === 'mean') return runs.map((run) => Float64Array.from(run));
  const value = observedOf(runs, statistic);
  return runs.map((run) => Float64Array.from(run, (one) => (one > value ? 1 : 0)));
}

function subtract(a: Float64Array, b: Float64Array | undefined): Float64Array {
  if (a.length !== b?.length) {
    throw new RangeError(`pairs need the same arrivals on both sides, not ${a.length} and ${b?.length ?? 0}`);
  }
  return a.map((one, index) => one - (b[index] as number));
}
