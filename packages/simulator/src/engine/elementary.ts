/**
 * Logarithm and exponential from additions, multiplications and divisions alone. IEEE 754 fixes the result of those to the last bit.
 * It does not fix `Math.log`, `Math.exp` and `**`, which may differ between engines and processors: then the same seed would give
 * another journal on another machine. Both are exact to about 1e-15, relative.
 */
const LN2 = Math.LN2;

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);
/** Index of the word with sign and exponent. */
const HIGH = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0;
const EXPONENT_BIAS = 1_023;
const SQRT2 = Math.SQRT2;

/** Terms of the series of atanh. With |z| ≤ 0.172, the next term is below 1e-17. */
const ATANH_TERMS = 10;

/** Natural logarithm of a positive, normal number. */
export function ln(x: number): number {
  float[0] = x;
  const high = words[HIGH] as number;
  let exponent = (high >>> 20) - EXPONENT_BIAS;
  words[HIGH] = (high & 0x000f_ffff) | (EXPONENT_BIAS << 20);
  let mantissa = float[0];
  if (mantissa > SQRT2) {
    mantissa /= 2;
    exponent++;
  }
  // ln m = 2 · atanh((m − 1) / (m + 1)), with m from √½ to √2.
  const z = (mantissa - 1) / (mantissa + 1);
  const square = z * z;
  let sum = 0;
  for (let term = ATANH_TERMS; term >= 0; term--) sum = sum * square + 1 / (2 * term + 1);
  return exponent * LN2 + 2 * z * sum;
}

/** Terms of the Taylor series. With |r| ≤ 0.35, the next term is below 1e-17. */
const EXP_TERMS = 14;

/** e to the power of `x`, for |x| up to 700. */
export function exp(x: number): number {
  const power = Math.round(x / LN2);
  const rest = x - power * LN2;
  let sum = 1;
  for (let term = EXP_TERMS; term >= 1; term--) sum = 1 + (rest / term) * sum;
  float[0] = 1;
  words[HIGH] = (EXPONENT_BIAS + power) << 20;
  return sum * float[0];
}
