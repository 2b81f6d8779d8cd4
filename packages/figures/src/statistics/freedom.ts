import { meanOf, type Sample } from './block-length.ts';

/**
 * How many values the blocks of a run are worth, to an interval that must know its own variance.
 *
 * A run with room for ten blocks may have had two bursts, and then knows the variance from two values, not from ten. Blocks
 * that still go together lie on the same side of the mean, one beside the other: so a stretch of blocks above it together with a stretch
 * below is worth two, and all of them never more than there are blocks. Independent blocks change sides every second time and come out
 * at half of their number. That costs little, as they are many: where arrivals have nothing to do with each other, blocks are short.
 *
 * Stretches of blocks are counted, not of arrivals: a breaker that is closed lets single failures through, and each of them
 * would pass for a burst. The fewer of the stretches above and below count, since either end of the run may cut one in two.
 *
 * Fewer than twenty values are blocks of one. From so few, stretches are not told from chance, and all of them count.
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
