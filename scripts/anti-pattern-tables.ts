/**
 * Keeps the tables of anti-patterns in docs/policies the same as docs/policies/measured.json, which `pnpm measure:anti-patterns`
 * writes: `--write` writes them, otherwise a difference is an error. Nothing is measured here.
 */
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { type Measured, readMeasured } from './anti-patterns/measured.ts';
import { PAGES } from './anti-patterns/pages.ts';
import { antiPatternLines } from './anti-patterns/table.ts';
import { keepGenerated } from './generated-part.ts';

const BEGIN = '<!-- anti-patterns: measured by `pnpm measure:anti-patterns` -->';
const END = '<!-- /anti-patterns -->';

/** @returns what is wrong, a line each: nothing where the pages, the measurements and what was measured agree */
export function keepAntiPatternTables(measured: Measured, write: boolean): string[] {
  return [...strangers(measured), ...Object.keys(PAGES).flatMap((page) => keepPage(page, measured, write))];
}

function keepPage(page: string, measured: Measured, write: boolean): string[] {
  const measurements = PAGES[page] ?? [];
  const name = `docs/policies/${page}`;
  const file = new URL(`../${name}`, import.meta.url);
  const text = readFileSync(file, 'utf8');
  const missing = measurements
    .filter(({ id }) => measured.figures[id] === undefined)
    .map(({ id }) => `${name}: ${id} was never measured; \`pnpm measure:anti-patterns\` does`);
  const unexplained = [...new Set(measurements.map(({ antiPattern }) => antiPattern))]
    .filter((antiPattern) => !prose(text).includes(`- **${antiPattern}`))
    .map((antiPattern) => `${name} measures "${antiPattern}" and does not explain it: no item begins with these words`);
  if (missing.length > 0) return [...missing, ...unexplained];
  const lines = antiPatternLines(page, measurements, measured);
  const mistake = keepGenerated({ file, name, begin: BEGIN, end: END, lines }, write);
  return mistake === undefined ? unexplained : [...unexplained, mistake];
}

/** Wrapped lines as one. */
const prose = (text: string) => text.replaceAll(/\s+/g, ' ');

/** Figures of what is no longer measured. */
function strangers({ figures }: Measured): string[] {
  const known = new Set(Object.values(PAGES).flatMap((all) => all.map(({ id }) => id)));
  return Object.keys(figures)
    .filter((id) => !known.has(id))
    .map((id) => `docs/policies/measured.json has figures of ${id}, which nothing measures`);
}

if (import.meta.main) {
  const mistakes = keepAntiPatternTables(readMeasured(), process.argv.includes('--write'));
  if (mistakes.length > 0) {
    process.stderr.write(`${mistakes.join('\n')}\n`);
    process.exitCode = 1;
  }
}
