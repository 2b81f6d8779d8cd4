import { whereAndWhen } from '../../bench/src/report/where-and-when.ts';
import type { Measured } from './measured.ts';
import type { Figure, Measurement } from './measurement.ts';

/** The generated part of a page: its table, and where the figures come from. */
export function antiPatternLines(page: string, measurements: readonly Measurement[], measured: Measured): string[] {
  const code = page.replace(/md$/, 'ts');
  const libraries = [...new Set(measurements.flatMap(({ library }) => library ?? []))].toSorted();
  const versions = libraries.map((name) => `${name} ${measured.versions[name]}`);
  return [
    '| anti-pattern | measured | naive | Halfopen | how |',
    '| --- | --- | ---: | ---: | --- |',
    ...measurements.map((one) => row(one, measured)),
    '',
    `Measured ${whereAndWhen(measured.provenance)}${versions.map((version) => `, ${version}`).join('')}; [\`${code}\`](../../scripts/anti-patterns/${code}) says how.`,
  ];
}

function row(one: Measurement, { figures }: Measured): string {
  const { naive, ours } = figures[one.id] ?? { naive: [], ours: [] };
  const by = one.library === undefined ? '' : `${one.library}: `;
  // Not escaped: what was done is Markdown.
  return `| ${one.antiPattern} | ${one.done} | ${by}${cell(one, naive)} | ${cell(one, ours)} | ${one.stage} |`;
}

/** All rounds: the least and the most of them. */
export function cell({ say, digits = 0 }: Measurement, rounds: readonly Figure[]): string {
  if (rounds.length === 0) return '–';
  const amounts = rounds.map(({ amount }) => amount);
  const format = (amount: number) =>
    amount.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const [least, most] = [format(Math.min(...amounts)), format(Math.max(...amounts))];
  const ends = [...new Set(rounds.flatMap(({ ended }) => ended ?? []))].map((end) => `, ${codeOf(end)}`);
  return `${say(least === most ? least : `${least} to ${most}`)}${ends.join('')}`;
}

/** Codes of errors are code; `still closed` is a word. */
const codeOf = (end: string) => (/[_A-Z]/.test(end) ? `\`${end}\`` : end);
