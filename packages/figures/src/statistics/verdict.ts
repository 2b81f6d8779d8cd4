import type { Estimate } from './intervals.ts';

export const VERDICTS = ['held', 'failed', 'inconclusive'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** What a hypothesis demands of a figure; both ends belong to it. */
export interface Bounds {
  readonly atLeast?: number;
  readonly atMost?: number;
}

/**
 * - `held`: the whole interval lies within the bounds.
 * - `failed`: the whole interval lies outside of one of them.
 * - `inconclusive`: it holds values on both sides of a bound, or there is no interval. More arrivals or repeats make it
 *   narrower; a verdict by the observed value alone would be the toss of a coin.
 *
 * One kind of bound is judged by what was observed: a share that must be 0, or 1. No interval ever lies within such a bound, as no
 * number of requests proves that the next will not fail. `wrong ≤ 0` therefore says: among the requests of this
 * run there was no wrong answer. One that was seen is a failure with certainty.
 * @param range the least and most that the figure can be; a share's is 0 to 1
 */
export function judge(
  { value, interval }: Estimate,
  { atLeast, atMost }: Bounds,
  range?: readonly [number, number],
): Verdict {
  const verdicts: Verdict[] = [];
  if (atLeast !== undefined) {
    const strict = range !== undefined && atLeast >= range[1];
    verdicts.push(strict ? byValue(value >= atLeast) : byInterval(interval, (end) => end >= atLeast));
  }
  if (atMost !== undefined) {
    const strict = range !== undefined && atMost <= range[0];
    verdicts.push(strict ? byValue(value <= atMost) : byInterval(interval, (end) => end <= atMost));
  }
  return worst(verdicts);
}

/** Of an experiment from those of its hypotheses: one that failed fails it; one that is inconclusive leaves it so. */
export function worst(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('failed')) return 'failed';
  return verdicts.length === 0 || verdicts.includes('inconclusive') ? 'inconclusive' : 'held';
}

function byValue(within: boolean): Verdict {
  return within ? 'held' : 'failed';
}

function byInterval(interval: Estimate['interval'], within: (end: number) => boolean): Verdict {
  if (interval === null) return 'inconclusive';
  const [low, high] = [within(interval[0]), within(interval[1])];
  if (low && high) return 'held';
  return low || high ? 'inconclusive' : 'failed';
}
