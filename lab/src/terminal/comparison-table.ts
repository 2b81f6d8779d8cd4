import { LEAST_RUNS } from '@halfopen/figures/statistics';
import type { Comparison, ComparisonRow } from '../compare/compare-results.ts';
import { differenceText, formatFigure, METRIC_TEXTS } from '../wording/metric-words.ts';
import { NOT_RECOVERED } from '../wording/verdict-words.ts';

/** The comparison as a padded Markdown table, for a terminal or for pasting. */
export function comparisonTable({
  pairing,
  level,
  sentLaterByMs,
  doubtMs,
  simulated,
  rows,
  worse,
}: Comparison): string {
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
    ...(simulated.length === 0
      ? []
      : [`${simulated.join(' and ')} ${simulated.length === 1 ? 'was' : 'were'} simulated.`]),
    pairing.paired
      ? 'Paired: both had the same arrivals, and differences are taken arrival by arrival.'
      : `Not paired: ${pairing.because}. The intervals are wider for that.`,
    `The intervals are at ${percent} %, so that comparing two equal results raises a false alarm in fewer than one case in twenty, all rows together.`,
    ...latencyLines(rows, sentLaterByMs, doubtMs),
    worse ? 'B is worse than A.' : `B is not worse than A beyond what chance explains.${couldHide(rows)}`,
    '',
  ].join('\n');
}

function latencyLines(
  rows: readonly ComparisonRow[],
  sentLaterByMs: number,
  doubtMs: Comparison['doubtMs'],
): readonly string[] {
  const latencies = (['p50Ms', 'p99Ms', 'p999Ms'] as const).filter((name) =>
    rows.some(({ metric }) => metric === name),
  );
  if (latencies.length === 0) return [];
  const later = formatFigure('p99Ms', Math.abs(sentLaterByMs));
  const doubts = latencies.map((name) => `${METRIC_TEXTS[name]} ${formatFigure(name, doubtMs[name])}`).join(', ');
  return [
    `${sentLaterByMs < 0 ? 'A' : 'B'}'s load generator was later by ${later} at p99. Latency differences within ${doubts} are not judged, because the machine may have caused them (--repeat ${LEAST_RUNS} or more narrows that).`,
  ];
}

/** The largest loss of success that the intervals allow: what "not worse" leaves open. */
function couldHide(rows: readonly ComparisonRow[]): string {
  const losses = rows
    .filter(({ metric }) => metric === 'success')
    .map(({ phase, variantB, difference }) => ({ phase, variantB, loss: -(difference?.interval?.[0] ?? 0) }))
    .toSorted((a, b) => b.loss - a.loss);
  const [most] = losses;
  if (most === undefined || most.loss <= 0) return '';
  return ` A loss of success of up to ${(100 * most.loss).toFixed(1)} pp (${most.variantB}, ${most.phase}) would not have been seen.`;
}

function cellsOf({ variantA, variantB, phase, metric, a, b, difference, verdict }: ComparisonRow): string[] {
  const plain = (value: number | null) =>
    value === null ? 'not measured' : Number.isFinite(value) ? formatFigure(metric, value) : NOT_RECOVERED;
  const interval = difference?.interval;
  return [
    variantA === variantB ? variantA : `${variantA}, ${variantB}`,
    phase,
    METRIC_TEXTS[metric],
    plain(a),
    plain(b),
    difference === null ? '' : differenceText(metric, difference.value),
    interval == null ? '–' : interval.map((end) => differenceText(metric, end)).join(' to '),
    verdict === 'undecided' ? (interval == null ? 'not judged' : 'undecided') : verdict,
  ];
}
