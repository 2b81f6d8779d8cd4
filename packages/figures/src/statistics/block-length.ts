/** Values in order of arrival. */
export type Sample = ArrayLike<number>;

/**
 * How many consecutive arrivals a resample takes at a time.
 *
 * In an outage failures come in bursts: while the breaker is open, a hundred neighbours fail together and are little more
 * than one observation. A bootstrap that draws single arrivals takes them for a hundred, and its intervals come out several
 * times too narrow. Drawn in blocks that are longer than a burst, neighbours stay together and the interval is right.
 * Longer than needed is no good either: fewer blocks, a noisier interval.
 *
 * The length comes from how fast the autocorrelation dies out: the one that minimises the error of the estimated variance
 * (Politis and White 2004, corrected by Patton, Politis and White 2009; circular blocks), times `LONGER`. At least n^(1/3),
 * the usual length where nothing is known, since the estimate can miss rare bursts; at most a tenth of the run, so that there are ten
 * blocks to draw from. Where bursts last longer than that, no method knows: a phase should last for ten of them or more.
 */
export function blockLength(run: Sample): number {
  const n = run.length;
  const wanted = Math.max(Math.cbrt(n), LONGER * politisWhite(run));
  return Math.max(1, Math.min(Math.ceil(wanted), Math.floor(n / 10)));
}

/**
 * The least error of the variance still leaves it biased low, as a block cuts the bursts at both of its ends, and an interval suffers
 * from that more than from noise.
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

  // The lag from which on the autocorrelation is no longer told from noise, `quiet` lags in a row.
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
  // A spectrum that comes out at or below nought says nothing about the length: the caller's least applies.
  if (spectrum <= 0) return 1;
  return ((3 / 2) * (slope / spectrum) ** 2 * n) ** (1 / 3);
}

export function meanOf(sample: Sample): number {
  let sum = 0;
  for (let i = 0; i < sample.length; i++) sum += sample[i] as number;
  return sum / sample.length;
}
