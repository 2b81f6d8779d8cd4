import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync } from 'node:fs';
import { join, relative } from 'node:path';
import process from 'node:process';
import { ResultError, readResult } from '../result/read-result.ts';
import type { ExperimentResult } from '../result/result.ts';
import { runUntilJudged } from './run-until-judged.ts';

/**
 * Runs every experiment in `experiments`, each as a process of its own. It takes some twenty minutes, on a machine that must have
 * nothing else to do.
 * @param root folder of the workspace
 * @returns every run, those that were given up included
 * @throws ResultError when an experiment has no verdict in the end; the message names each of them
 */
export async function runAll(root: string): Promise<ExperimentResult[]> {
  const experiments = globSync('experiments/*.yaml', { cwd: root }).toSorted();
  mkdirSync(join(root, 'results'), { recursive: true });
  const out = mkdtempSync(join(root, 'results', 'publication-'));
  const known = new Set<string>();
  const { results, missing } = await runUntilJudged(
    experiments,
    async (file) => {
      // The exit code does not matter: a hypothesis that failed is published too.
      spawnSync(process.execPath, ['lab/src/main.ts', 'run', file, '--out', out], { cwd: root, stdio: 'inherit' });
      const made = globSync('*/*/result.json', { cwd: out }).find((one) => !known.has(one));
      if (made === undefined) return undefined;
      known.add(made);
      return readResult(join(out, made));
    },
    (line) => process.stderr.write(`${line}\n`),
  );
  if (missing.length > 0) {
    throw new ResultError(
      `Nothing is published: ${missing.length} of ${experiments.length} experiments have no verdict.\n${missing
        .map((one) => `- ${one}\n`)
        .join('')}The results are in ${relative(root, out)}.`,
    );
  }
  return results;
}
