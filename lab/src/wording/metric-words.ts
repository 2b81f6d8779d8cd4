import { isShare, type MetricName } from '../result/metrics.ts';

/** Names of the metrics in text. */
export const METRIC_TEXTS: Readonly<Record<MetricName, string>> = {
  success: 'success',
  degraded: 'degraded',
  failed: 'failed',
  wrong: 'wrong',
  goodputPerS: 'goodput',
  p50Ms: 'p50',
  p99Ms: 'p99',
  p999Ms: 'p99.9',
  amplification: 'amplification',
  successPerAttempt: 'success per attempt',
  recoveryMs: 'recovery',
};

/** Formats a figure: `99.5 %`, `38 ms`, `1.05×`. */
export function formatFigure(metric: MetricName, value: number): string {
  const round = (digits: number) => String(Number(value.toFixed(digits)));
  if (isShare(metric)) return `${Number((value * 100).toFixed(2))} %`;
  switch (metric) {
    case 'goodputPerS':
      return `${round(1)}/s`;
    case 'amplification':
      return `${round(3)}×`;
    case 'successPerAttempt':
      return round(3);
    default:
      return `${round(Math.abs(value) < 10 ? 1 : 0)} ms`;
  }
}

/** Formats an interval: `95.2 % to 97 %`. */
export function intervalText(metric: MetricName, [low, high]: readonly [number, number]): string {
  return `${formatFigure(metric, low)} to ${formatFigure(metric, high)}`;
}

/** Formats a difference with its sign; shares in percentage points. */
export function differenceText(metric: MetricName, value: number): string {
  const text = formatFigure(metric, Math.abs(value));
  // What rounds to zero has no sign.
  const sign = Number.parseFloat(text) === 0 ? '' : value > 0 ? '+' : '−';
  return `${sign}${isShare(metric) ? text.replace(' %', ' pp') : text}`;
}
