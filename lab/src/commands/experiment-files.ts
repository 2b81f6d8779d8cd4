import { readFileSync } from 'node:fs';
import { isAbsolute, relative } from 'node:path';
import { workspaceRoot } from '@halfopen/figures/provenance';
import type { Experiment } from '../experiment/format.ts';
import { ExperimentError, type FurtherCheck, readExperiment } from '../experiment/read-experiment.ts';
import { unreadable } from '../messages/unreadable.ts';
import { typedIn, typedPath } from './typed-path.ts';

export interface ExperimentFile {
  /** The path as results name it, wherever the command was typed. */
  readonly file: string;
  /** The path as the user typed it. */
  readonly name: string;
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
  const mistakes: string[] = [];
  const files = names.flatMap((name): ExperimentFile[] => {
    const path = typedPath(name);
    try {
      const text = readFileSync(path, 'utf8');
      return [{ file: nameInResults(path), name, text, experiment: readExperiment(text, name, check) }];
    } catch (error) {
      mistakes.push(
        error instanceof ExperimentError ? error.message : `${name}: ${unreadable(error)}${seenFrom(name)}`,
      );
      return [];
    }
  });
  return { files, mistakes };
}

/** The path from the root of the repository; of a file elsewhere, the whole path. */
function nameInResults(path: string): string {
  const fromRoot = relative(workspaceRoot(), path);
  return fromRoot.startsWith('..') ? path : fromRoot;
}

/** Says which folder a relative path was taken from: with `pnpm --dir` it is not obvious. */
function seenFrom(name: string): string {
  return isAbsolute(name) ? '' : ` (in ${typedIn})`;
}
