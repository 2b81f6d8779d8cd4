/**
 * Checks for options, used where they enter. Without them a typo shows up as a call that waits for ever (`maxInFlight: 0`)
 * instead of as an error at start.
 */

interface Bounds {
  /** Smallest allowed value. Default 0. */
  readonly min?: number;
  /** Largest allowed value. Default none. */
  readonly max?: number;
}

/**
 * A number of things. `Infinity` means no limit.
 * @throws RangeError naming option, value and range
 */
export function checkCount(
  option: string,
  value: number,
  { min = 0, max = Number.POSITIVE_INFINITY }: Bounds = {},
): void {
  const isWhole = Number.isInteger(value) || value === Number.POSITIVE_INFINITY;
  if (isWhole && value >= min && value <= max) return;
  throw rangeError(option, value, `a whole number ${rangeOf(min, max)}`);
}

/**
 * A duration in milliseconds.
 * @throws RangeError naming option, value and range
 */
export function checkMs(option: string, value: number, { min = 0, max = Number.MAX_SAFE_INTEGER }: Bounds = {}): void {
  if (Number.isFinite(value) && value >= min && value <= max) return;
  throw rangeError(option, value, `milliseconds ${rangeOf(min, max)}`);
}

/**
 * A share from 0 to 1.
 * @param excluded bounds that are not allowed themselves
 * @throws RangeError naming option, value and range
 */
export function checkShare(option: string, value: number, excluded: readonly (0 | 1)[] = []): void {
  if (value >= 0 && value <= 1 && !excluded.some((bound) => bound === value)) return;
  const from = excluded.includes(0) ? 'above 0' : 'from 0';
  const to = excluded.includes(1) ? 'below 1' : 'to 1';
  throw rangeError(option, value, `a number ${from} ${to}`);
}

/**
 * Refuses two options that contradict each other: a value above the option that caps it.
 * @throws RangeError naming both options and both values
 */
export function checkCap(option: string, value: number, cap: string, capValue: number): void {
  if (value <= capValue) return;
  throw new RangeError(`${option} is ${value}, but must be at most ${cap}, which is ${capValue}`);
}

function rangeOf(min: number, max: number): string {
  return max >= Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
}

function rangeError(option: string, value: unknown, expected: string): RangeError {
  return new RangeError(`${option} is ${String(value)}, but must be ${expected}`);
}
