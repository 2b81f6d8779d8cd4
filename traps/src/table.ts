import { whereAndWhen } from '@halfopen/figures/text';
import type { Measured } from './measured.ts';
import type { Figure, Measurement } from './measurement.ts';

/** The generated part of a page: its table, and a line that says where and when it was measured. */
export function antiPatternLines(page: string, measurements: readonly Measurement[], measured: Measured): string[] {
  const code = page.replace(/md$/, 'ts');
  const libraries = [...new Set(measurements.flatMap(({ library }) => library ?? []))].toSorted();
  const versions = libraries.map((name) => `${name} ${measured.versions[name]}`);
  return [
    '| anti-pattern | measured | naive | Halfopen | how |',
    '| --- | --- | ---: | ---: | --- |',
    ...measurements.map((one) => row(one, measured)),
    '',
    `Measured ${whereAndWhen(measured.provenance)}${versions.map((version) => `, ${version}`).join('')}. Code: [\`${code}\`](../../traps/src/anti-patterns/${code}).`,
  ];
}

function row(one: Measurement, { figures }: Measured): string {
  const { naive, ours } = figures[one.id] ?? { naive: [], ours: [] };
  const by = one.library === undefined ? '' : `${one.library}: `;
  // `done` is not escaped: it is Markdown.
  return `| ${one.antiPattern} | ${one.done} | ${by}${cell(one, naive)} | ${cell(one, ours)} | ${one.stage} |`;
}

/** The figures of all rounds in a cell: the amount or the range of amounts, then how they ended. */
export function cell({ say, digits = 0 }: Measurement, rounds: readonly Figure[]): string {
  if (rounds.length === 0) return '–';
  const amounts = rounds.map(({ amount }) => amount);
  const format = (amount: number) =>
    amount.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const [least, most] = [format(Math.min(...amounts)), format(Math.max(...amounts))];
  const ends = [...new Set(rounds.flatMap(({ ended }) => ended ?? []))].map((end) => `, ${codeOf(end)}`);
  return `${say(least === most ? least : `${least} to ${most}`)}${ends.join('')}`;
}

/** Error codes are set as code; words such as `still closed` are not. */
const codeOf = (end: string) => (/[_A-Z]/.test(end) ? `\`${end}\`` : end);
