import { z } from 'zod';
import { complaint, kind } from './kinds.ts';
import { MAX_BUCKETS, MAX_DELAY_MS } from './limits.ts';

const ms = () => kind.milliseconds(0, MAX_DELAY_MS);

const list = (element: z.ZodNumber) => {
  const error = complaint(`a list of 1 to ${MAX_BUCKETS} numbers`);
  return z.array(element, { error }).min(1, { error }).max(MAX_BUCKETS, { error });
};

/** Measured latencies: the number in each bucket, and the upper end of each bucket. */
const histogram = z
  .strictObject({
    distribution: z.literal('histogram').describe('As measured.'),
    upToMs: list(ms())
      .meta({ expects: `the upper end of each bucket, rising, from 0 to ${MAX_DELAY_MS}` })
      .describe('The upper end of each bucket, rising.'),
    counts: list(kind.wholeNumber(0, Number.MAX_SAFE_INTEGER))
      .meta({ expects: 'the number in each bucket (not cumulative)' })
      .describe('The number in each bucket (not cumulative).'),
  })
  .superRefine(({ upToMs, counts }, refinement) => {
    const mistake = (message: string, path: string) => refinement.addIssue({ code: 'custom', message, path: [path] });
    if (counts.length !== upToMs.length) {
      mistake(`must have as many numbers as upToMs: ${upToMs.length}, not ${counts.length}`, 'counts');
    }
    if (counts.every((count) => count === 0)) mistake('must have a count above 0', 'counts');
    if (upToMs.some((end, at) => end <= (upToMs[at - 1] ?? -1))) mistake('must rise', 'upToMs');
  });

/** The distributions that a delay can be drawn from. */
export const distributions = [
  z
    .strictObject({
      distribution: z.literal('uniform').describe('Every delay between two bounds is equally likely.'),
      minMs: ms().describe('The shortest.'),
      maxMs: ms().describe('The longest.'),
    })
    .refine(({ minMs, maxMs }) => minMs <= maxMs, { error: 'must not be less than minMs', path: ['maxMs'] }),
  z.strictObject({
    distribution: z.literal('normal').describe('Around a mean; never below 0.'),
    meanMs: ms().describe('The mean.'),
    standardDeviationMs: ms().describe('How far delays usually are from the mean.'),
  }),
  z.strictObject({
    distribution: z.literal('exponential').describe('Short delays are likely, long ones possible.'),
    meanMs: ms().describe('The mean.'),
  }),
  z.strictObject({
    distribution: z.literal('pareto').describe('A heavy tail.'),
    minMs: ms().describe('The shortest.'),
    shape: kind.between(0.1, 100).describe('The smaller, the heavier the tail.'),
  }),
  histogram,
] as const;

const NAMES = 'uniform, normal, exponential, pareto, histogram';

export const latencySchema = z.discriminatedUnion('distribution', distributions, {
  error: `must be one of ${NAMES}`,
});

export type Latency = z.output<typeof latencySchema>;

/**
 * Draws a delay from a distribution by inverting its distribution function (the normal one: Box and Muller, 1958), so that
 * the same chance gives the same delay. The tails are cut off at 0 and at `MAX_DELAY_MS`.
 * @param chance a number in [0, 1)
 * @param other a second one, independent of the first: the normal distribution takes two
 * @returns milliseconds
 */
export function drawMs(latency: Latency, chance: number, other: number): number {
  return Math.min(MAX_DELAY_MS, Math.max(0, draw(latency, chance, other)));
}

function draw(latency: Latency, chance: number, other: number): number {
  switch (latency.distribution) {
    case 'uniform':
      return latency.minMs + chance * (latency.maxMs - latency.minMs);
    case 'normal': {
      const standard = Math.sqrt(-2 * Math.log(1 - chance)) * Math.cos(2 * Math.PI * other);
      return latency.meanMs + latency.standardDeviationMs * standard;
    }
    case 'exponential':
      return -latency.meanMs * Math.log(1 - chance);
    case 'pareto':
      return latency.minMs / (1 - chance) ** (1 / latency.shape);
    default:
      return drawFromHistogram(latency, chance);
  }
}

/** Assumes that latencies within a bucket are uniform, like Prometheus's `histogram_quantile`. */
function drawFromHistogram(
  { upToMs, counts }: Extract<Latency, { distribution: 'histogram' }>,
  chance: number,
): number {
  let rest = chance * counts.reduce((sum, count) => sum + count, 0);
  for (const [at, count] of counts.entries()) {
    const from = upToMs[at - 1] ?? 0;
    const to = upToMs[at] ?? from;
    if (rest < count) return from + (rest / count) * (to - from);
    rest -= count;
  }
  return upToMs.at(-1) ?? 0;
}
