/**
 * Compares docs/benchmarks.md and its picture with docs/benchmarks.json, which `pnpm bench` writes; with `--write`, writes them.
 * It measures nothing.
 */
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { keepFile, keepMarkedPart, reportMistakes } from '@halfopen/figures/generated-file';
import { pageLines } from './report/page.ts';
import { picture } from './report/picture.ts';
import type { Benchmarks } from './result.ts';

/** What the last full run measured. */
export const BENCHMARKS = new URL('../../docs/benchmarks.json', import.meta.url);
const PICTURE = {
  file: new URL('../../docs/benchmarks.svg', import.meta.url),
  name: 'docs/benchmarks.svg',
};
const PAGE = {
  file: new URL('../../docs/benchmarks.md', import.meta.url),
  name: 'docs/benchmarks.md',
  begin: '<!-- benchmarks: made by `pnpm bench` -->',
  end: '<!-- /benchmarks -->',
};

/** @returns what is wrong, one line each */
export function keepBenchmarksPage(write: boolean): string[] {
  const benchmarks = JSON.parse(readFileSync(BENCHMARKS, 'utf8')) as Benchmarks;
  return [
    keepMarkedPart({ ...PAGE, lines: pageLines(benchmarks, 'benchmarks.svg') }, write),
    keepFile(PICTURE, `${picture(benchmarks.measurements)}\n`, write),
  ].flatMap((mistake) => mistake ?? []);
}

if (import.meta.main) reportMistakes(keepBenchmarksPage(process.argv.includes('--write')));
