/**
 * Zero-based position of quantile `q` among `n` sorted values, by nearest rank: the smallest value that has at least a
 * share `q` of all values at or below it.
 */
export function nearestRank(q: number, n: number): number {
  // Without the rounding, 0.99 × 200 is 198.00000000000003 and the rank is one too high.
  const rank = Math.ceil(Number((q * n).toPrecision(12)));
  return Math.min(n - 1, Math.max(0, rank - 1));
}

/**
 * Quantile `q` of the values, by nearest rank. It does not interpolate, so the result is a value that was measured.
 * @param q 0 to 1
 * @returns `null` when there are no values
 */
export function quantile(values: ArrayLike<number>, q: number): number | null {
  const sorted = Float64Array.from(values).toSorted();
  return sorted[nearestRank(q, sorted.length)] ?? null;
}
