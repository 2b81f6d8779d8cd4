import { readFileSync } from 'node:fs';
import { ANTI_PATTERNS } from './anti-patterns/index.ts';
import type { Measured } from './measured.ts';
import type { Measurement } from './measurement.ts';
import { antiPatternLines } from './table.ts';

export { type Measured, readMeasured } from './measured.ts';

/** The generated part of a page, between two marker lines. */
interface PagePart {
  /** The page, relative to the root of the repository. */
  readonly name: string;
  readonly file: URL;
  readonly begin: string;
  readonly end: string;
  readonly lines: readonly string[];
}

interface Pages {
  /** The tables. A page with a figure that was never measured has none. */
  readonly parts: readonly PagePart[];
  /** What a person must correct, one line each. */
  readonly mistakes: readonly string[];
}

const BEGIN = '<!-- anti-patterns: measured by `pnpm measure:anti-patterns` -->';
const END = '<!-- /anti-patterns -->';

/** The tables of anti-patterns in docs/policies, made from what was measured. Measures nothing and writes nothing. */
export function antiPatternPages(measured: Measured): Pages {
  const pages = Object.entries(ANTI_PATTERNS).map(([page, measurements]) => {
    const name = `docs/policies/${page}`;
    const file = new URL(`../../${name}`, import.meta.url);
    const missing = missingFigures(name, measurements, measured);
    const lines = antiPatternLines(page, measurements, measured);
    return {
      parts: missing.length > 0 ? [] : [{ name, file, begin: BEGIN, end: END, lines }],
      mistakes: [...missing, ...unexplained(name, file, measurements)],
    };
  });
  return {
    parts: pages.flatMap(({ parts }) => parts),
    mistakes: [...unknownFigures(measured), ...pages.flatMap(({ mistakes }) => mistakes)],
  };
}

function missingFigures(name: string, measurements: readonly Measurement[], { figures }: Measured): string[] {
  return measurements
    .filter(({ id }) => figures[id] === undefined)
    .map(({ id }) => `${name}: ${id} has no figures; run \`pnpm measure:anti-patterns\``);
}

function unexplained(name: string, file: URL, measurements: readonly Measurement[]): string[] {
  const text = unwrapped(readFileSync(file, 'utf8'));
  return [...new Set(measurements.map(({ antiPattern }) => antiPattern))]
    .filter((antiPattern) => !text.includes(`- **${antiPattern}`))
    .map((antiPattern) => `${name} has figures for "${antiPattern}", but no item that begins with these words`);
}

const unwrapped = (text: string) => text.replaceAll(/\s+/g, ' ');

function unknownFigures({ figures }: Measured): string[] {
  const known = new Set(Object.values(ANTI_PATTERNS).flatMap((all) => all.map(({ id }) => id)));
  return Object.keys(figures)
    .filter((id) => !known.has(id))
    .map((id) => `docs/policies/measured.json has figures for ${id}, but no measurement has this id`);
}
