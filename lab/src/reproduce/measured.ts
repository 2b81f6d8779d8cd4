import { normalQuantile, studentQuantile, wilsonInterval } from '@halfopen/figures/statistics';

/** A figure over seeds, with its 99 % interval. All are NaN when there was no run. */
export interface Measured {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Seeds, or independent tries, behind it. */
  readonly runs: number;
}

const LEVEL = 0.99;

/** The mean of one value per seed, with Student's interval. With one or two seeds there is none, and its ends are the value. */
export function meanOf(values: readonly number[]): Measured {
  const runs = values.length;
  const value = values.reduce((sum, one) => sum + one, 0) / runs;
  if (runs < 3) return { value, low: value, high: value, runs };
  const variance = values.reduce((sum, one) => sum + (one - value) ** 2, 0) / (runs - 1);
  const half = -studentQuantile((1 - LEVEL) / 2, runs - 1) * Math.sqrt(variance / runs);
  return { value, low: value - half, high: value + half, runs };
}

/** The share of runs in which something happened, with Wilson's interval. */
export function shareOf(happened: readonly boolean[]): Measured {
  const runs = happened.length;
  const hits = happened.filter(Boolean).length;
  const [low, high] = runs === 0 ? [Number.NaN, Number.NaN] : wilsonInterval(hits, runs, LEVEL);
  return { value: hits / runs, low, high, runs };
}

/** The median of one value per seed, with the order statistics that enclose it (a sign test turned around). `Infinity` is a value. */
export function medianOf(values: readonly number[]): Measured {
  const sorted = values.toSorted((a, b) => (a === b ? 0 : a - b));
  const runs = sorted.length;
  const at = (index: number) => sorted[Math.min(runs - 1, Math.max(0, index))] ?? Number.NaN;
  const reach = (-normalQuantile((1 - LEVEL) / 2) * Math.sqrt(runs)) / 2;
  return {
    value: at(Math.ceil(runs / 2) - 1),
    low: at(Math.floor(runs / 2 - reach) - 1),
    high: at(Math.ceil(runs / 2 + reach)),
    runs,
  };
}

/** A figure that needs no chance. */
export function exactly(value: number): Measured {
  return { value, low: value, high: value, runs: 1 };
}

/**
 * Whether a figure agrees with a reference: it differs by no more than its own 99 % interval, or than the tolerance where that is wider.
 * @param tolerance relative
 */
export function agrees({ value, low, high, runs }: Measured, reference: number, tolerance: number): boolean | null {
  if (runs === 0) return null;
  return (low <= reference && reference <= high) || Math.abs(value - reference) <= tolerance * reference;
}

/** Whether all of several conditions hold. `null` if a figure is missing. */
export function allHold(figures: readonly Measured[], condition: () => boolean): boolean | null {
  return figures.some(({ runs }) => runs === 0) ? null : condition();
}

const NOTHING = '–';

/** `12.3 (12.1 to 12.5)`. */
export function withInterval(
  { value, low, high, runs }: Measured,
  format: (value: number) => string,
  unit = '',
): string {
  if (runs === 0) return NOTHING;
  const end = unit === '' ? '' : ` ${unit}`;
  return low === high ? `${format(value)}${end}` : `${format(value)}${end} (${format(low)} to ${format(high)})`;
}

/** `72 of 100 (59 to 82 %)`. */
export function sharesText({ value, low, high, runs }: Measured): string {
  if (runs === 0) return NOTHING;
  const percent = (share: number) => (100 * share).toFixed(share < 0.01 && share > 0 ? 1 : 0);
  return `${Math.round(value * runs)} of ${runs} (${percent(low)} to ${percent(high)} %)`;
}

export const fixed = (digits: number) => (value: number) => value.toFixed(digits);

/** `63,594` */
export const whole = (value: number) => Math.round(value).toLocaleString('en-US');

/** Milliseconds as seconds, or "never". */
export const secondsText = (ms: number) => (Number.isFinite(ms) ? `${(ms / 1_000).toFixed(1)} s` : 'never');
