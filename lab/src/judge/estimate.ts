import {
  type BootstrapOptions,
  type Estimate,
  meanInterval,
  pairedDifference,
  quantileInterval,
  type Sample,
  type Statistic,
  shareInterval,
  unpairedDifference,
} from '@halfopen/figures/statistics';
import type { Phase } from '../experiment/phases.ts';
import { rangeOf } from '../measure/figures.ts';
import { codeOf, type RawRun, seenBy } from '../measure/raw-run.ts';
import type { MetricName } from '../result/metrics.ts';
import type { Outcome } from '../result/result.ts';

/** The metrics that are quantiles of latency. */
export const QUANTILES = { p50Ms: 0.5, p99Ms: 0.99, p999Ms: 0.999 } as const;

export interface EstimateOptions extends BootstrapOptions {
  /** Whether the same index is the same arrival on both sides. Default true. */
  readonly paired?: boolean;
}

/**
 * A figure of some runs with its interval; with `b`, the difference `a` − `b`.
 * @returns `undefined` when no request was due, or attempts could not be counted
 */
export function estimateOf(
  metric: Exclude<MetricName, 'recoveryMs'>,
  a: readonly RawRun[],
  b: readonly RawRun[] | undefined,
  phase: Phase,
  { paired = true, ...options }: EstimateOptions,
): Estimate | undefined {
  const samplesOf = (runs: readonly RawRun[]) => sampled(metric, runs, phase);
  const [left, right] = [samplesOf(a), b === undefined ? undefined : samplesOf(b)];
  if (left === undefined || (b !== undefined && right === undefined)) return undefined;
  if (right !== undefined) {
    const difference = paired ? pairedDifference : unpairedDifference;
    return scaled(difference(left.runs, right.runs, left.statistic, options), left.scale);
  }
  if (left.statistic === 'share') return scaled(shareInterval(left.runs, options), left.scale);
  const { value, interval } =
    left.statistic.kind === 'quantile'
      ? quantileInterval(left.runs, left.statistic.q, options)
      : meanInterval(left.runs, options);
  // The statistics do not know that attempts and latencies cannot be negative.
  return { value, interval: interval === null ? null : [Math.max(0, interval[0]), interval[1]] };
}

interface Sampled {
  readonly runs: readonly Sample[];
  readonly statistic: Statistic | 'share';
  /** The factor from the mean of the arrivals to the metric. */
  readonly scale: number;
}

/** Expresses a metric as values of single arrivals, so that it is their mean or a quantile of them. */
function sampled(
  metric: Exclude<MetricName, 'recoveryMs'>,
  runs: readonly RawRun[],
  phase: Phase,
): Sampled | undefined {
  const ranges = runs.map((run) => rangeOf(run, phase));
  const due = ranges.reduce((sum, [from, to]) => sum + to - from, 0);
  if (due === 0) return undefined;
  const cut = (array: (run: RawRun) => Float64Array | Uint8Array) =>
    runs.map((run, index) => array(run).subarray(...(ranges[index] as [number, number])));
  const is = (outcome: Outcome) => {
    const code = codeOf(outcome);
    return cut(({ outcome: all }) => all).map((run) => Uint8Array.from(run, (one) => (one === code ? 1 : 0)));
  };
  switch (metric) {
    case 'success':
    case 'degraded':
    case 'failed':
    case 'wrong':
      return { runs: is(metric), statistic: 'share', scale: 1 };
    case 'goodputPerS':
      return { runs: is('success'), statistic: 'share', scale: due / runs.length / (phase.toS - phase.fromS) };
    case 'p50Ms':
    case 'p99Ms':
    case 'p999Ms':
      return { runs: cut(({ tookMs }) => tookMs), statistic: { kind: 'quantile', q: QUANTILES[metric] }, scale: 1 };
    default: {
      const counted = attemptsOf(runs, phase, ranges);
      if (counted === undefined) return undefined;
      const { attempts, requests, successes } = counted;
      return metric === 'amplification' ? ratio(attempts, requests) : ratio(successes, attempts);
    }
  }
}

/** Attempts, requests and successes, per arrival; or per second when attempts could not be counted one by one. */
function attemptsOf(runs: readonly RawRun[], phase: Phase, ranges: readonly (readonly [number, number])[]) {
  const success = codeOf('success');
  const parts = runs.map((run, index) => {
    const [from, to] = ranges[index] as readonly [number, number];
    const succeeded = Array.from(run.outcome.subarray(from, to), (one) => (one === success ? 1 : 0));
    if (run.attempts !== undefined) {
      return {
        attempts: Array.from(run.attempts.subarray(from, to)),
        requests: succeeded.map(() => 1),
        successes: succeeded,
      };
    }
    // The last second ends with the phase.
    const seconds = Array.from({ length: Math.ceil(phase.toS - phase.fromS) }, (_, second) => phase.fromS + second);
    const binned = seconds.map((fromS) => {
      const toS = Math.min(fromS + 1, phase.toS);
      const [left, right] = [seenBy(run.attemptsSeen, fromS * 1_000), seenBy(run.attemptsSeen, toS * 1_000)];
      const due = [...run.dueMs.subarray(from, to).entries()].filter(
        ([, at]) => at >= fromS * 1_000 && at < toS * 1_000,
      );
      return {
        attempts: left === null || right === null ? null : right - left,
        requests: due.length,
        successes: due.reduce((sum, [at]) => sum + (succeeded[at] ?? 0), 0),
      };
    });
    if (binned.some(({ attempts }) => attempts === null)) return undefined;
    return {
      attempts: binned.map(({ attempts }) => attempts ?? 0),
      requests: binned.map(({ requests }) => requests),
      successes: binned.map(({ successes }) => successes),
    };
  });
  const known = parts.filter((part) => part !== undefined);
  if (known.length < runs.length) return undefined;
  return {
    attempts: known.map(({ attempts }) => attempts),
    requests: known.map(({ requests }) => requests),
    successes: known.map(({ successes }) => successes),
  };
}

/**
 * Expresses a ratio of two sums as a mean, so that the interval of a mean applies. Each arrival counts as the ratio
 * plus its influence on it (linearisation; W. G. Cochran, Sampling Techniques, ch. 6).
 */
function ratio(
  numerators: readonly (readonly number[])[],
  denominators: readonly (readonly number[])[],
): Sampled | undefined {
  const sum = (runs: readonly (readonly number[])[]) => runs.flat().reduce((all, one) => all + one, 0);
  const [top, bottom, count] = [sum(numerators), sum(denominators), denominators.flat().length];
  if (bottom === 0) return undefined;
  const value = top / bottom;
  const runs = numerators.map((run, index) =>
    Float64Array.from(run, (one, at) => value + (one - value * (denominators[index]?.[at] ?? 0)) / (bottom / count)),
  );
  return { runs, statistic: { kind: 'mean' }, scale: 1 };
}

function scaled({ value, interval }: Estimate, scale: number): Estimate {
  return { value: value * scale, interval: interval === null ? null : [interval[0] * scale, interval[1] * scale] };
}
