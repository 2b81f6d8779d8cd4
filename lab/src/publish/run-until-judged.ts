import type { ExperimentResult, Reason } from '../result/result.ts';

/** How often an experiment is run at most, the first time included. */
export const MOST_RUNS = 3;

/**
 * What the machine, or the moment, is to blame for. A limit that was reached, and a fault that the system did not take, say
 * something of the system: to run again because of them would be to choose the result.
 */
const RUN_AGAIN_FOR: readonly Reason[] = ['late', 'unsteady'];

/** Why a run gave no verdict, where it may be run again for that; `undefined`: it may not. */
export function giveUpText({ sound, gaveUpFor, remarks }: ExperimentResult): string | undefined {
  return !sound && gaveUpFor !== undefined && RUN_AGAIN_FOR.includes(gaveUpFor) ? remarks[0] : undefined;
}

export interface Judged {
  /** Of every run that left one, given up or not. */
  readonly results: ExperimentResult[];
  /** A sentence for each experiment that has no verdict after all. */
  readonly missing: string[];
}

/**
 * Runs experiments; those whose run was given up, because the runner was late or the system unsteady before anything was broken,
 * once more when the others are done, since what made the machine late may have passed by then. A run that was judged is never
 * run again, whatever the verdict.
 * @param run one experiment; `undefined` where it left no result
 * @param say gets a line for whoever waits
 */
export async function runUntilJudged(
  files: readonly string[],
  run: (file: string) => Promise<ExperimentResult | undefined>,
  say: (line: string) => void,
): Promise<Judged> {
  const results: ExperimentResult[] = [];
  const missing: string[] = [];
  let left = [...files];
  for (let round = 1; left.length > 0; round++) {
    const again: string[] = [];
    for (const file of left) {
      const result = await run(file);
      if (result === undefined) {
        missing.push(`${file}: the run left no result.`);
        continue;
      }
      results.push(result);
      if (result.sound) continue;
      const why = giveUpText(result);
      if (why === undefined) {
        missing.push(`${file}: no verdict, and no reason to run it again: ${result.remarks.join(' ')}`);
      } else if (round < MOST_RUNS) {
        say(`${file}: run ${round} of at most ${MOST_RUNS} was given up and will be repeated: ${why}`);
        again.push(file);
      } else {
        missing.push(`${file}: no verdict in ${MOST_RUNS} runs; the last: ${why}`);
      }
    }
    left = again;
  }
  return { results, missing };
}
