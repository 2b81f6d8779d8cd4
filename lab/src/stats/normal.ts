/**
 * The value below which a standard normal lies with probability `p`, by P. Acklam's rational approximation
 * (relative error under 1.2e-9).
 * @throws RangeError unless 0 < p < 1
 */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`a probability must lie between 0 and 1, not ${p}`);
  if (p > 0.5) return -normalQuantile(1 - p);
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    return horner(q, TAIL_ABOVE) / (horner(q, TAIL_BELOW) * q + 1);
  }
  const q = p - 0.5;
  const r = q * q;
  return (horner(r, CENTRE_ABOVE) * q) / (horner(r, CENTRE_BELOW) * r + 1);
}

/**
 * The value below which Student's t with `freedom` degrees lies with probability `p`, by the expansion around the normal
 * one (Abramowitz and Stegun 26.7.5): within 1 % from 2 degrees on.
 */
export function studentQuantile(p: number, freedom: number): number {
  const z = normalQuantile(p);
  const [z2, v] = [z * z, freedom];
  return (
    z +
    (z * (z2 + 1)) / (4 * v) +
    (z * horner(z2, [5, 16, 3])) / (96 * v ** 2) +
    (z * horner(z2, [3, 19, 17, -15])) / (384 * v ** 3) +
    (z * horner(z2, [79, 776, 1482, -1920, -945])) / (92_160 * v ** 4)
  );
}

const TAIL_ABOVE = [
  -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
];
const TAIL_BELOW = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416];
const CENTRE_ABOVE = [
  -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1,
  2.506628277459239,
];
const CENTRE_BELOW = [
  -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1,
];

/** The polynomial with these coefficients, highest power first. */
function horner(x: number, coefficients: readonly number[]): number {
  return coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);
}
