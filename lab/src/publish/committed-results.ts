import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ResultError, readResult } from '../result/read-result.ts';
import type { ExperimentResult } from '../result/result.ts';
import { experimentName } from './publication.ts';

const ENDING = '.json.gz';

/**
 * Reads the results that the published page was made from.
 * @throws ResultError when there are none, or one of them cannot be read
 */
export function readCommittedResults(folder: string): ExperimentResult[] {
  const files = filesIn(folder);
  if (files.length === 0) throw new ResultError(`${folder}: holds no results`);
  return files.map((file) => readResult(join(folder, file)));
}

/**
 * Replaces the results in the folder, so that the page can be made again without running anything. A run that was given up is
 * kept as well: the page says why.
 */
export function writeCommittedResults(folder: string, results: readonly ExperimentResult[]): void {
  mkdirSync(folder, { recursive: true });
  for (const file of filesIn(folder)) rmSync(join(folder, file));
  for (const [name, runs] of Map.groupBy(results, experimentName)) {
    for (const [index, run] of runs.toSorted((a, b) => Number(b.sound) - Number(a.sound)).entries()) {
      const file = run.sound ? name : `${name}.given-up-${index}`;
      writeFileSync(join(folder, `${file}${ENDING}`), gzipSync(JSON.stringify(run)));
    }
  }
}

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(ENDING))
    .toSorted();
}
