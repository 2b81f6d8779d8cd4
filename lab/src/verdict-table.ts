import { differenceText, formatFigure } from './metric-words.ts';
import type { ExperimentResult, HypothesisResult } from './result.ts';

/** The verdict for a terminal: a line a hypothesis, then the experiment's, then what is to be said of it. */
export function verdictTable({ experiment, hypotheses, verdict, remarks }: ExperimentResult): string {
  const rows = hypotheses.map((one) => [one.verdict, one.text, observedOf(one)]);
  const widths = [0, 1].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  );
  return [`${experiment.title}: ${verdict}`, ...lines, ...remarks.map((remark) => `  ! ${remark}`), ''].join('\n');
}

function observedOf({ metric, minus, observed, interval }: HypothesisResult): string {
  if (observed === null) return metric === 'recoveryMs' ? 'not within the phase after' : 'not measured';
  const text = minus === undefined ? formatFigure : differenceText;
  const value = text(metric, observed);
  if (interval !== null) return `${value} (${text(metric, interval[0])} to ${text(metric, interval[1])})`;
  // A run has one recovery only; of latencies there were too few to say where the true quantile lies.
  return metric === 'recoveryMs' ? value : `${value} (too few requests to be sure)`;
}
