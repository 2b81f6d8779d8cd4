/**
 * Keeps docs/benchmarks.md and its picture the same as docs/benchmarks.json, which `pnpm bench` writes: `--write` writes
 * them, otherwise a difference is an error.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { pageLines } from '../bench/src/report/page.ts';
import { picture } from '../bench/src/report/picture.ts';
import type { Benchmarks } from '../bench/src/result.ts';
import { keepGenerated } from './generated-part.ts';

/** What the last full run has measured. */
export const BENCHMARKS = new URL('../docs/benchmarks.json', import.meta.url);
const PICTURE = new URL('../docs/benchmarks.svg', import.meta.url);
const PAGE = {
  file: new URL('../docs/benchmarks.md', import.meta.url),
  name: 'docs/benchmarks.md',
  begin: '<!-- benchmarks: made by `pnpm bench` -->',
  end: '<!-- /benchmarks -->',
};

/** @returns what is wrong, in a line; `undefined` where nothing is, or no longer */
export function keepBenchmarksPage(write: boolean): string | undefined {
  const benchmarks = JSON.parse(readFileSync(BENCHMARKS, 'utf8')) as Benchmarks;
  const mistake = keepGenerated({ ...PAGE, lines: pageLines(benchmarks, 'benchmarks.svg') }, write);
  const made = `${picture(benchmarks.measurements)}\n`;
  if (existsSync(PICTURE) && readFileSync(PICTURE, 'utf8') === made) return mistake;
  if (!write) return mistake ?? 'docs/benchmarks.svg is not what the code draws; `pnpm fix` draws it';
  writeFileSync(PICTURE, made);
  return mistake;
}

if (import.meta.main) {
  const mistake = keepBenchmarksPage(process.argv.includes('--write'));
  if (mistake !== undefined) {
    process.stderr.write(`${mistake}\n`);
    process.exitCode = 1;
  }
}
