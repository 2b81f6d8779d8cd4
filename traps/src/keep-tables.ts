/**
 * Compares the tables of anti-patterns in docs/policies with docs/policies/measured.json, which `pnpm measure:anti-patterns` writes;
 * with `--write`, writes the tables. It measures nothing.
 */
import process from 'node:process';
import { keepMarkedPart, reportMistakes } from '@halfopen/figures/generated-file';
import { readMeasured } from './measured.ts';
import { antiPatternPages } from './pages.ts';

const write = process.argv.includes('--write');
const { parts, mistakes } = antiPatternPages(readMeasured());
reportMistakes([...mistakes, ...parts.flatMap((part) => keepMarkedPart(part, write) ?? [])]);
