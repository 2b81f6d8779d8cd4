/** How many seeds, which are then 1 to that number, or the seeds themselves. */
export type Seeds = number | readonly number[];

/** Enough to see how far runs differ, and still a matter of seconds. */
const DEFAULT_SEEDS = 10;

export function seedsOf(seeds: Seeds = DEFAULT_SEEDS): readonly number[] {
  return typeof seeds === 'number' ? Array.from({ length: seeds }, (_, index) => index + 1) : seeds;
}
