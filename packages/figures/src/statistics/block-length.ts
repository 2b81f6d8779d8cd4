/** Values in order of arrival. */
export type Sample = ArrayLike<number>;

/**
 * How many consecutive arrivals a resample takes at a time.
 *
 * In an outage failures come in bursts: while the breaker is open, a hundred neighbours fail together and are little
 * more than one observation. A bootstrap that draws single arrivals counts them as a hundred, and its intervals are
 * several times too narrow. Blocks longer than a burst keep neighbours together, and the interval is right. Blocks that
 * are too long leave fewer of them, and a noisier interval.
 *
 * The length follows from how fast the autocorrelation decays: the one that minimises the error of the estimated
 * variance (Politis and White 2004, corrected by Patton, Politis and White 2009; circular blocks), times `LONGER`. It
 * is at least n^(1/3), the usual length when nothing is known, because the estimate can miss rare bursts; and at most a
 * tenth of the run, so that there are ten blocks to draw from. No method copes with bursts longer than that: a phase
 * should last for at least ten of them.
 */
export function blockLength(run: Sample): number {
  const n = run.length;
  const wanted = Math.max(Math.cbrt(n), LONGER * politisWhite(run));
  return Math.max(1, Math.min(Math.ceil(wanted), Math.floor(n / 10)));
}

/**
 * The length with the least error still underestimates the variance, because a block cuts bursts at both ends, and an
 * interval suffers more from that bias than from noise.
 */
const LONGER = 2.5;

function politisWhite(sample: Sample): number {
  const n = sample.length;
  const mean = meanOf(sample);
  const autocovariance = (lag: number) => {
    let sum = 0;
    for (let i = lag; i < n; i++) sum += ((sample[i] as number) - mean) * ((sample[i - lag] as number) - mean);
    return sum / n;
  };
  const variance = autocovariance(0);
  if (variance === 0) return 1;

  // The lag after which the autocorrelation is indistinguishable from noise for `quiet` lags in a row.
  const quiet = Math.max(5, Math.ceil(Math.sqrt(Math.log10(n))));
  const most = Math.ceil(Math.sqrt(n)) + quiet;
  const noise = 2 * Math.sqrt(Math.log10(n) / n);
  const covariances = [variance];
  let [last, inARow] = [0, 0];
  for (let lag = 1; lag <= most && lag < n && inARow < quiet; lag++) {
    const covariance = autocovariance(lag);
    covariances.push(covariance);
    if (Math.abs(covariance / variance) < noise) inARow++;
    else [last, inARow] = [lag, 0];
  }

  const width = Math.min(2 * Math.max(last, 1), covariances.length - 1);
  let [spectrum, slope] = [variance, 0];
  for (let lag = 1; lag <= width; lag++) {
    const weight = Math.min(1, 2 * (1 - lag / width));
    spectrum += 2 * weight * (covariances[lag] as number);
    slope += 2 * weight * lag * (covariances[lag] as number);
  }
  // A spectrum of zero or less says nothing about the length; the caller's minimum applies.
  if (spectrum <= 0) return 1;
  return ((3 / 2) * (slope / spectrum) ** 2 * n) ** (1 / 3);
}

export function meanOf(sample: Sample): number {
  let sum = 0;
  for (let i = 0; i < sample.length; i++) sum += sample[i] as number;
  return sum / sample.length;
}
