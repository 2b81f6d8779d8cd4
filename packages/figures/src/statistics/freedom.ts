import { meanOf, type Sample } from './block-length.ts';

/**
 * How many independent values the blocks of a run are worth when their variance is estimated.
 *
 * A run with room for ten blocks may have had two bursts, and then knows the variance from two values, not from ten.
 * Blocks that still depend on each other lie on the same side of the mean, one after another. A stretch of blocks above
 * the mean together with a stretch below is therefore worth two, and never more than the number of blocks. Independent
 * blocks change sides every second time, so they count as half their number. That costs little, because they are many:
 * arrivals that do not depend on each other have short blocks.
 *
 * Stretches of blocks are counted and not of arrivals: a closed breaker lets single failures through, and each of them
 * would pass for a burst. The smaller number of stretches, above or below, counts, because either end of the run may
 * cut one in two.
 *
 * With fewer than twenty values each block is one value. Stretches of so few cannot be told from chance, and all values
 * count.
 * @param weights how each arrival weighs on what is estimated
 */
export function independentBlocks(weights: Sample, blockLength: number): number {
  if (blockLength === 1) return weights.length;
  const mean = meanOf(weights);
  let [blocks, above, below, last] = [0, 0, 0, 0];
  for (let from = 0; from < weights.length; from += blockLength) {
    const to = Math.min(from + blockLength, weights.length);
    let excess = 0;
    for (let at = from; at < to; at++) excess += (weights[at] as number) - mean;
    const side = Math.sign(excess);
    if (side > 0 && last <= 0) above++;
    if (side < 0 && last >= 0) below++;
    last = side;
    blocks++;
  }
  return Math.min(blocks, 2 * Math.min(above, below));
}
