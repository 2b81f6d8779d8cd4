import type { ExperimentResult, Reason } from '../result/result.ts';

/** How often an experiment is run at most, the first time included. */
export const MOST_RUNS = 3;

/**
 * Reasons that lie in the machine or the moment. A limit that was reached, or a fault that the system did not accept,
 * says something about the system; repeating such a run would be choosing the result.
 */
const RUN_AGAIN_FOR: readonly Reason[] = ['late', 'unsteady'];

/** Why a run gave no verdict, if it may be repeated for that reason; `undefined` if it may not. */
export function giveUpText({ sound, gaveUpFor, remarks }: ExperimentResult): string | undefined {
  return !sound && gaveUpFor !== undefined && RUN_AGAIN_FOR.includes(gaveUpFor) ? remarks[0] : undefined;
}

export interface Judged {
  /** Every run that left a result, given up or not. */
  readonly results: ExperimentResult[];
  /** One sentence for each experiment that has no verdict in the end. */
  readonly missing: string[];
}

/**
 * Runs experiments. An experiment whose run was given up, because the load generator was late or the system unsteady
 * before anything was broken, is repeated after the others, when whatever made the machine late may have passed. A
 * judged run is never repeated, whatever the verdict.
 * @param run runs one experiment; `undefined` when it left no result
 * @param say receives progress lines
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
