/**
 * Quantile `p` of the standard normal distribution, by P. Acklam's rational approximation (relative error below
 * 1.2e-9).
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
 * Quantile `p` of Student's t with `freedom` degrees (2 or more, not necessarily whole), by G. Hill's algorithm
 * (Communications of the ACM 13, 1970, no. 396). Unlike an expansion around the normal, it holds with few degrees far
 * out, which is where an alarm's level is.
 */
export function studentQuantile(p: number, freedom: number): number {
  if (p > 0.5) return -studentQuantile(1 - p, freedom);
  const [both, n] = [2 * p, freedom];
  if (n === 2) return -Math.sqrt(2 / (both * (2 - both)) - 2);
  const a = 1 / (n - 0.5);
  const b = 48 / a ** 2;
  const c = horner(a, [20_700 / b, -98, -16, 96.36]);
  const d = ((94.5 / (b + c) - 3) / b + 1) * Math.sqrt((a * Math.PI) / 2) * n;
  const y = (d * both) ** (2 / n);
  if (y <= 0.05 + a) {
    const far = 1 / (((n + 6) / (n * y) - 0.089 * d - 0.822) * (n + 2) * 3) + 0.5 / (n + 4);
    return -Math.sqrt(n * (((far * y - 1) * (n + 1)) / (n + 2) + 1 / y));
  }
  const z = normalQuantile(p);
  const few = n < 5 ? c + 0.3 * (n - 4.5) * (z + 0.6) : c;
  const e = horner(z, [0.05 * d, -5, -7, -2, b + few]);
  const w = ((horner(z * z, [0.4, 6.3, 36, 94.5]) / e - z * z - 3) / b + 1) * z;
  return -Math.sqrt(n * Math.expm1(a * w ** 2));
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
