/**
 * A quantile by nearest rank: the smallest value with at least a share `q` of all values at or below it. No interpolation:
 * the figure is a latency that somebody had.
 * @returns `null` for no values
 */
export function quantile(values: ArrayLike<number>, q: number): number | null {
  const sorted = Float64Array.from(values).toSorted();
  if (sorted.length === 0) return null;
  // Without the rounding 0.99 × 200 would be 198.00000000000003 and the rank one too high.
  const rank = Math.ceil(Number((q * sorted.length).toPrecision(12)));
  return sorted[Math.min(sorted.length, Math.max(1, rank)) - 1] ?? null;
}
