/** Observations that are remembered, and how many it takes before they say anything. */
const REMEMBERED = 128;
const LEAST = 20;
/** Sorted again after so many observations: a little old is good enough, and sorting is not for every call. */
const REFRESH = 16;

export interface Quantile {
  observe(value: number): void;
  /** `undefined` until enough has been observed. */
  readonly value: number | undefined;
}

/** A quantile, above 0 and at most 1, of the last observations. */
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
