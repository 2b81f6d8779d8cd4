import type { RunOptions } from '@halfopen/simulator';

/** Runs something once for each seed. @returns what the runs gave that were complete, in order of their seeds */
export type Replicate = <T>(run: (seed: number, options: RunOptions) => Promise<T>, seeds?: number) => Promise<T[]>;

export interface ReplicateOptions {
  /** Seeds of each variant: 1 to this number. */
  readonly seeds: number;
  /** Calls of `replicate` that are to come, for the progress. */
  readonly variants: number;
  /** Ends everything early. Runs that are complete stay. Default: never. */
  readonly signal?: AbortSignal;
  /** Called with the share that is done, from 0 to 1. Default: nobody. */
  readonly onProgress?: (done: number) => void;
}

export function createReplicate({ seeds, variants, signal, onProgress }: ReplicateOptions): Replicate {
  const isAborted = () => signal?.aborted === true;
  let variantsDone = 0;
  return async (run, ownSeeds = seeds) => {
    const results: Awaited<ReturnType<typeof run>>[] = [];
    for (let seed = 1; seed <= ownSeeds && !isAborted(); seed++) {
      // oxlint-disable-next-line no-await-in-loop -- one at a time: a run fills the processor, and shortens stacks while it lasts
      const result = await run(seed, { signal });
      // What was interrupted has the figures of half a run.
      if (isAborted()) break;
      results.push(result);
      onProgress?.((variantsDone + seed / ownSeeds) / variants);
    }
    variantsDone++;
    return results;
  };
}
