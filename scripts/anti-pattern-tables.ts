/**
 * Compares the tables of anti-patterns in docs/policies with docs/policies/measured.json, which `pnpm measure:anti-patterns` writes;
 * with `--write`, writes the tables. It measures nothing.
 */
import process from 'node:process';
import { antiPatternPages, readMeasured } from '../traps/src/pages.ts';
import { keepGenerated } from './generated-part.ts';

const write = process.argv.includes('--write');
const { parts, mistakes } = antiPatternPages(readMeasured());
const all = [...mistakes, ...parts.flatMap((part) => keepGenerated(part, write) ?? [])];
if (all.length > 0) {
  process.stderr.write(`${all.join('\n')}\n`);
  process.exitCode = 1;
}
