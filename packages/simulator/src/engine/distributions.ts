import type { Random } from '@halfopen/client';
import { exp, ln } from './elementary.ts';

/** A distribution of durations: draws one, in milliseconds. */
export type Distribution = (random: Random) => number;

/** Always the same duration. */
export function constant(ms: number): Distribution {
  return () => ms;
}

/** Every duration in the range is equally likely. */
export function uniform(fromMs: number, toMs: number): Distribution {
  return (random) => fromMs + (toMs - fromMs) * random();
}

/** Exponential, by its mean: the M of M/M/1. */
export function exponential(meanMs: number): Distribution {
  return (random) => -ln(1 - random()) * meanMs;
}

/** A standard normal number, by G. Marsaglia's polar method: it needs no cosine, which no two engines must compute alike. */
function standardNormal(random: Random): number {
  for (;;) {
    const [x, y] = [2 * random() - 1, 2 * random() - 1];
    const square = x * x + y * y;
    if (square > 0 && square < 1) return x * Math.sqrt((-2 * ln(square)) / square);
  }
}

/** The absolute value of a normal number: symmetric around its mean, and never negative. */
export function foldedNormal(meanMs: number, deviationMs: number): Distribution {
  return (random) => Math.abs(meanMs + deviationMs * standardNormal(random));
}

/** The standard normal distribution's 99th percentile. */
const NORMAL_P99 = 2.326_347_874_040_841;

/** Lognormal, as latencies often are, by its median and how many times as long its 99th percentile is. */
export function lognormal(medianMs: number, p99OverMedian: number): Distribution {
  const sigma = ln(p99OverMedian) / NORMAL_P99;
  return (random) => medianMs * exp(sigma * standardNormal(random));
}

/** One of two distributions, the second with this probability: a cache's hits and misses, a collector's pauses. */
export function bimodal(usual: Distribution, other: Distribution, shareOfOther: number): Distribution {
  return (random) => (random() < shareOfOther ? other(random) : usual(random));
}

/** One of the durations that were measured, each equally likely. @throws RangeError when there are none */
export function empirical(measuredMs: readonly number[]): Distribution {
  if (measuredMs.length === 0) throw new RangeError('measuredMs is empty, but must hold at least one duration');
  return (random) => measuredMs[Math.floor(random() * measuredMs.length)] as number;
}

/**
 * By points of the survival function, with a power law between them: `[[1, 1], [10, 0.01]]` takes at least 1 ms, and at least 10 ms
 * once in a hundred times. For percentiles that somebody has published.
 * @param points ascending durations, each with the share of draws that take at least as long; the first share is 1
 */
export function survival(points: readonly (readonly [atLeastMs: number, share: number])[]): Distribution {
  const [, ...later] = points;
  if (later.length === 0) throw new RangeError('points has less than two points');
  return (random) => {
    const u = 1 - random();
    for (const [index, [toMs, toShare]] of later.entries()) {
      if (u < toShare) continue;
      const [fromMs, fromShare] = points[index] as readonly [number, number];
      return fromMs * exp((ln(toMs / fromMs) * ln(fromShare / u)) / ln(fromShare / toShare));
    }
    return (later.at(-1) as readonly [number, number])[0];
  };
}
