import { differenceText, formatFigure, METRIC_TEXTS } from '../metric-words.ts';
import type { Comparison, ComparisonRow } from './compare-results.ts';

/** The comparison for a terminal, or for whoever pastes it somewhere: a Markdown table, padded. */
export function comparisonTable({ pairing, level, sentLaterByMs, rows, worse }: Comparison): string {
  const heading = ['variant', 'phase', 'figure', 'A', 'B', 'B − A', 'interval', 'B is'];
  const cells = rows.map(cellsOf);
  const widths = heading.map((name, column) =>
    Math.max(name.length, ...cells.map((row) => (row[column] as string).length)),
  );
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] as number)).join(' | ')} |`;
  const percent = Number((level * 100).toPrecision(5));
  return [
    line(heading),
    line(widths.map((width) => '-'.repeat(width))),
    ...cells.map(line),
    '',
    pairing.paired
      ? 'Paired: both had the same arrivals, and differences are taken arrival by arrival.'
      : `Not paired: ${pairing.because}. Differences are wider for it.`,
    `Intervals of ${percent} %, so that a comparison of two equals rings falsely in less than one case of twenty, all rows together.`,
    `The runner of ${sentLaterByMs < 0 ? 'A' : 'B'} sent later by ${formatFigure('p99Ms', Math.abs(sentLaterByMs))} at p99: a difference of latencies within this is not judged.`,
    worse ? 'B is worse than A.' : 'B is not worse than A in anything that can be told from chance.',
    '',
  ].join('\n');
}

function cellsOf({ variantA, variantB, phase, metric, a, b, difference, verdict }: ComparisonRow): string[] {
  const plain = (value: number | null) => (value === null ? 'not measured' : formatFigure(metric, value));
  const interval = difference?.interval;
  return [
    variantA === variantB ? variantA : `${variantA}, ${variantB}`,
    phase,
    METRIC_TEXTS[metric],
    plain(a),
    plain(b),
    difference === null ? '' : differenceText(metric, difference.value),
    interval == null ? '–' : interval.map((end) => differenceText(metric, end)).join(' to '),
    verdict === 'undecided' ? (interval == null ? 'not judged' : 'not told apart') : verdict,
  ];
}
