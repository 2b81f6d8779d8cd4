import type { Estimate } from './intervals.ts';

export const VERDICTS = ['held', 'failed', 'inconclusive'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** What a hypothesis demands of a figure, inclusive. */
export interface Bounds {
  readonly atLeast?: number;
  readonly atMost?: number;
}

/**
 * Judges a figure against bounds.
 *
 * - `held`: the whole interval is within the bounds.
 * - `failed`: the whole interval is outside one of them.
 * - `inconclusive`: it has values on both sides of a bound, or there is no interval. More arrivals or repeats make it
 *   narrower; judging by the observed value alone would be a coin toss.
 *
 * One kind of bound is judged by the observed value: a share that must be 0 or 1. No interval ever lies within such a
 * bound, because no number of requests proves that the next will not fail. `wrong ≤ 0` therefore says that this run had
 * no wrong answer, and a single one is a certain failure.
 * @param range least and greatest value that the figure can have; 0 to 1 for a share
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

/**
 * The verdict of an experiment: one failed hypothesis fails it, and otherwise an inconclusive one makes it
 * inconclusive.
 */
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
