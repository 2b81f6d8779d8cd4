/** The longest delay of a Node timer (24.8 days). `setTimeout` fires a longer one after 1 ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** @throws RangeError naming option, value and range, if `value` is not a whole number from `min` to `max` */
export function requireWhole(option: string, value: number, min: number, max = Number.MAX_SAFE_INTEGER): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  throw new RangeError(`${option} is ${String(value)}, but must be a whole number ${range}`);
}

/** @throws RangeError naming option, value and range, if `value` is not a number of milliseconds from `min` to the longest delay of a timer */
export function requireMs(option: string, value: number, min: number): void {
  if (value >= min && value <= MAX_TIMER_MS) return;
  throw new RangeError(
    `${option} is ${String(value)}, but must be a number of milliseconds from ${min} to ${MAX_TIMER_MS}`,
  );
}
