import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { meanOf, type Sample } from './block-length.ts';
import { normalQuantile, studentQuantile } from './normal.ts';
import { nearestRank } from './quantile.ts';

/** A closed interval: lower end, upper end. */
export type Interval = readonly [number, number];

export interface BootstrapOptions {
  /** Decides every draw: the same seed gives the same interval. */
  readonly seed: number;
  /** Probability that the interval contains the true value, 0 to 1. Default 0.95. */
  readonly level?: number;
  /** Number of resamples. Default: enough for five beyond either end of the interval, and at least 2000. */
  readonly resamples?: number;
  /**
   * Whether an interval of three or more runs is at least as wide as the runs differ from each other. Default true.
   *
   * Turn it off for an alarm of 99 % and more over few runs, except for times, which the machine's speed moves. With
   * five runs, Student's interval of an alarm over six figures reaches seven standard errors to either side: a loss of
   * 2 % of a share is then found in fewer than 30 of 50 pairs, and without it in 49
   * (test/calibration/bursts-and-runs.test.ts). The bootstrap already accounts for what bursts do to a share.
   */
  readonly betweenRuns?: boolean;
}

/** What is estimated from the arrivals. */
export type Statistic = { readonly kind: 'mean' } | { readonly kind: 'quantile'; readonly q: number };

/**
 * The statistic of many resamples. In each of them, every run is put together again from blocks of itself, drawn with
 * replacement (circular moving-block bootstrap: the first arrival follows the last, so that all are equally likely).
 * Runs are never mixed.
 *
 * Two samples of the same shape, resampled with the same seed and block lengths, get the same draws. That is what makes
 * a difference paired.
 */
export function resampled(
  runs: readonly Sample[],
  statistic: Statistic,
  blockLengths: readonly number[],
  seed: number,
  resamples: number,
): Float64Array {
  const random = xoroshiro128plus(seed);
  const tally = statistic.kind === 'mean' ? new MeanTally(runs) : new QuantileTally(runs, statistic.q);
  const results = new Float64Array(resamples);
  for (let round = 0; round < resamples; round++) {
    tally.clear();
    for (const [run, { length }] of runs.entries()) {
      const block = blockLengths[run] as number;
      for (let taken = 0; taken < length; taken += block) {
        tally.add(run, uniformInt(random, 0, length - 1), Math.min(block, length - taken));
      }
    }
    results[round] = tally.value();
  }
  return results;
}

export function observedOf(runs: readonly Sample[], statistic: Statistic): number {
  const all = Float64Array.from(runs.flatMap((run) => Array.from(run)));
  if (statistic.kind === 'mean') return meanOf(all);
  return all.toSorted()[nearestRank(statistic.q, all.length)] as number;
}

/** How many resamples an interval of this level needs, unless the caller decides. */
export function resamplesFor({ level = 0.95, resamples }: BootstrapOptions): number {
  return resamples ?? Math.max(2000, Math.ceil(10 / (1 - level)));
}

/**
 * How far out Student's t is followed: to the tails of a 95 % interval. At the level of an alarm with two degrees of
 * freedom it would stretch the interval by seven, and a policy that always fails would pass for one that fails for a
 * second. The alarm has its own reserve for what bursts hide (`alarmLevel`).
 */
const FARTHEST_TAIL = 0.025;

/**
 * The percentile interval, stretched around the observed value as Student's t is wider than the normal (after T.
 * Hesterberg 2015). With b blocks the plain interval is too narrow by sqrt((b - 1) / b), and knows the variance from b
 * values only.
 *
 * It uses at least two degrees of freedom. One burst is a count of one, and the variance of a count is known from as
 * many values as twice the count (as in Wilson's interval); with one degree, one stray failure in a thousand would make
 * the interval several times as wide.
 * @param blocks how many independent blocks each run is worth
 */
export function percentileInterval(
  values: Float64Array,
  observed: number,
  level: number,
  blocks: readonly number[],
): Interval {
  const tail = (1 - level) / 2;
  const total = blocks.reduce((sum, count) => sum + count, 0);
  // Estimating its own mean costs each run one value. A run without a burst has none to give.
  const freedom = Math.max(2, total - blocks.filter((count) => count > 0).length);
  const narrow = Math.sqrt(freedom / Math.max(total, freedom));
  const stretchedAs = Math.max(tail, FARTHEST_TAIL);
  const stretch = studentQuantile(stretchedAs, freedom) / normalQuantile(stretchedAs) / narrow;
  const sorted = values.toSorted();
  const at = (share: number) => observed + stretch * ((sorted[nearestRank(share, sorted.length)] as number) - observed);
  return [at(tail), at(1 - tail)];
}

/** Sums of blocks in constant time, from running sums. */
class MeanTally {
  readonly #sums: readonly Float64Array[];
  readonly #count: number;
  #sum = 0;

  constructor(runs: readonly Sample[]) {
    this.#sums = runs.map(runningSums);
    this.#count = runs.reduce((count, run) => count + run.length, 0);
  }

  clear(): void {
    this.#sum = 0;
  }

  add(run: number, start: number, length: number): void {
    const sums = this.#sums[run] as Float64Array;
    const n = sums.length - 1;
    const end = start + length;
    const upTo = (i: number) => sums[i] as number;
    this.#sum += end <= n ? upTo(end) - upTo(start) : upTo(n) - upTo(start) + upTo(end - n);
  }

  value(): number {
    return this.#sum / this.#count;
  }
}

function runningSums(run: Sample): Float64Array {
  const sums = new Float64Array(run.length + 1);
  for (let i = 0; i < run.length; i++) sums[i + 1] = (sums[i] as number) + (run[i] as number);
  return sums;
}

/** Counts each value by its rank in the whole sample, so that resamples need not be sorted. */
class QuantileTally {
  readonly #sorted: Float64Array;
  /** The ranks of each run, twice in a row, so that a block at the end continues at the beginning. */
  readonly #ranks: readonly Uint32Array[];
  readonly #counts: Uint32Array;
  /** How many values are above the quantile; counting starts at the nearer end. */
  readonly #above: number;

  constructor(runs: readonly Sample[], q: number) {
    const all = runs.flatMap((run) => Array.from(run));
    const order = Uint32Array.from(all.keys()).toSorted((a, b) => (all[a] as number) - (all[b] as number));
    this.#sorted = Float64Array.from(order, (index) => all[index] as number);
    const ranks = new Uint32Array(all.length);
    for (const [rank, index] of order.entries()) ranks[index] = rank;
    let from = 0;
    this.#ranks = runs.map(({ length }) => {
      const own = Array.from(ranks.subarray(from, from + length));
      from += length;
      return Uint32Array.from([...own, ...own]);
    });
    this.#counts = new Uint32Array(all.length);
    this.#above = all.length - 1 - nearestRank(q, all.length);
  }

  clear(): void {
    this.#counts.fill(0);
  }

  add(run: number, start: number, length: number): void {
    const ranks = this.#ranks[run] as Uint32Array;
    const counts = this.#counts;
    for (let at = start; at < start + length; at++) (counts[ranks[at] as number] as number)++;
  }

  value(): number {
    let rank = this.#counts.length;
    for (let above = 0; above <= this.#above; ) above += this.#counts[--rank] as number;
    return this.#sorted[rank] as number;
  }
}
