/** What is measured in each phase; the names are those of experiment files and of `result.json`. */
export const METRICS = [
  'success',
  'degraded',
  'failed',
  'wrong',
  'goodputPerS',
  'p50Ms',
  'p99Ms',
  'p999Ms',
  'amplification',
  'successPerAttempt',
  'recoveryMs',
] as const;
export type MetricName = (typeof METRICS)[number];

/** Whether a metric is a share of the requests, from 0 to 1. */
export function isShare(metric: MetricName): boolean {
  return metric === 'success' || metric === 'degraded' || metric === 'failed' || metric === 'wrong';
}
