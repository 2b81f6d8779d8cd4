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
  /** How often the interval holds the true value, 0 to 1. Default 0.95. */
  readonly level?: number;
  /** Default: enough for five resamples beyond either end of the interval, and at least 2000. */
  readonly resamples?: number;
  /**
   * Whether an interval of three runs or more is at least as wide as the runs differ among each other. Default true.
   *
   * Whoever asks for 99 % and more from a handful of runs leaves it to figures that the machine's speed moves, which are times. With
   * five runs, Student's interval of an alarm over six figures reaches seven standard errors to either side; a share that lost 2 % is
   * then seen in fewer than 30 of 50 pairs, and in 49 without (test/statistics/bursts-and-runs.test.ts). What bursts do to a share,
   * the bootstrap knows already.
   */
  readonly betweenRuns?: boolean;
}

/** What of the arrivals is estimated. */
export type Statistic = { readonly kind: 'mean' } | { readonly kind: 'quantile'; readonly q: number };

/**
 * The statistic of many resamples of the arrivals: in every one each run is put together again from blocks of itself, drawn
 * with replacement (circular moving-block bootstrap: the last arrival is followed by the first, so that all are as likely).
 * Runs are resampled each within itself, never mixed.
 *
 * Two samples of the same shape, resampled with the same seed and the same block lengths, get the same draws. That is what
 * makes a difference paired.
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

/** How many resamples an interval of this level needs, unless the caller says. */
export function resamplesFor({ level = 0.95, resamples }: BootstrapOptions): number {
  return resamples ?? Math.max(2000, Math.ceil(10 / (1 - level)));
}

/**
 * How far out Student's t is followed: to the tails of a 95 % interval. At the level of an alarm and with two degrees of freedom it would
 * stretch by seven, and a policy that fails throughout would pass for one that fails for a second. The alarm has a reserve of
 * its own for what bursts do not tell (`alarmLevel`).
 */
const FARTHEST_TAIL = 0.025;

/**
 * The percentile interval, stretched around the observed value as Student's t is wider than the normal (after T. Hesterberg
 * 2015): with b blocks the plain one is too narrow by sqrt((b - 1) / b), and knows the variance from b values only.
 *
 * Never from fewer than two degrees of freedom. One burst is a count of one, and a count's variance is known from as many
 * values as twice the count (that is how wide Wilson's interval is); with a single degree one stray failure of a thousand would
 * make an interval several times as wide.
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
  // Its own mean costs a run one value. A run without a burst has no value to give.
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

/** Counts each value by its rank in the whole sample, so that a resample need not be sorted. */
class QuantileTally {
  readonly #sorted: Float64Array;
  /** Of each run, twice in a row: a block that starts at the end goes on with the beginning. */
  readonly #ranks: readonly Uint32Array[];
  readonly #counts: Uint32Array;
  /** How many values lie above the quantile: counted from that end of the two which is nearer. */
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
