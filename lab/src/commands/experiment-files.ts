import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import process from 'node:process';
import type { Experiment } from '../experiment/format.ts';
import { ExperimentError, type FurtherCheck, readExperiment } from '../experiment/read-experiment.ts';
import { unreadable } from '../messages/unreadable.ts';

export interface ExperimentFile {
  /** As it is named in mistakes and results. */
  readonly file: string;
  readonly text: string;
  readonly experiment: Experiment;
}

/**
 * Reads experiments.
 * @param names as the user wrote them, from where the user stands
 * @param check what else must be so, here
 * @returns those that are right, and every mistake in the others
 */
export function readExperimentFiles(
  names: readonly string[],
  check?: FurtherCheck,
): { readonly files: ExperimentFile[]; readonly mistakes: string[] } {
  // pnpm runs scripts in the folder of their package; a path is meant from where the user stands.
  const from = process.env.INIT_CWD ?? process.cwd();
  const mistakes: string[] = [];
  const files = names.flatMap((name): ExperimentFile[] => {
    const file = relative(process.cwd(), resolve(from, name));
    try {
      const text = readFileSync(resolve(from, name), 'utf8');
      return [{ file, text, experiment: readExperiment(text, file, check) }];
    } catch (error) {
      mistakes.push(error instanceof ExperimentError ? error.message : `${file || '.'}: ${unreadable(error)}`);
      return [];
    }
  });
  return { files, mistakes };
}
