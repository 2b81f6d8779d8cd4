/** Observations that are remembered, and how many are needed before there is a value. */
const REMEMBERED = 128;
const LEAST = 20;
/** Observations between two sorts: a slightly old value is good enough, and sorting at every call is too dear. */
const REFRESH = 16;

export interface Quantile {
  observe(value: number): void;
  /** `undefined` until there are enough observations. */
  readonly value: number | undefined;
}

/** A quantile of the latest observations. @param quantile above 0, at most 1 */
export function createQuantile(quantile: number): Quantile {
  const last = new Float64Array(REMEMBERED);
  let count = 0;
  let value: number | undefined;
  return {
    observe(observation) {
      last[count++ % REMEMBERED] = observation;
      if (count < LEAST || (value !== undefined && count % REFRESH !== 0)) return;
      const sorted = last.slice(0, Math.min(count, REMEMBERED)).toSorted();
      value = sorted[Math.ceil(quantile * sorted.length) - 1];
    },
    get value() {
      return value;
    },
  };
}
