import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import process from 'node:process';
import type { Experiment } from '../experiment/format.ts';
import { ExperimentError, type FurtherCheck, readExperiment } from '../experiment/read-experiment.ts';
import { unreadable } from '../messages/unreadable.ts';

export interface ExperimentFile {
  /** The path as mistakes and results name it. */
  readonly file: string;
  readonly text: string;
  readonly experiment: Experiment;
}

/**
 * Reads experiment files.
 * @param names paths as the user typed them
 * @param check further checks that apply to this command
 * @returns the experiments without mistakes, and every mistake in the others
 */
export function readExperimentFiles(
  names: readonly string[],
  check?: FurtherCheck,
): { readonly files: ExperimentFile[]; readonly mistakes: string[] } {
  // pnpm runs scripts in the folder of their package, but the user's paths are relative to where the command was typed.
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
