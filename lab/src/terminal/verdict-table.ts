import type { ExperimentResult, HypothesisResult } from '../result/result.ts';
import { spanText } from '../wording/span-text.ts';
import { hypothesisInterval, observedText, SIMULATED_SENTENCE } from '../wording/verdict-words.ts';

/** The verdict for a terminal: one line per hypothesis, then the experiment's verdict, then the remarks. */
export function verdictTable(result: ExperimentResult): string {
  const { experiment, simulated, hypotheses, verdict, remarks, phases, variants } = result;
  const rows = hypotheses.map((one) => [one.verdict, one.text, observedOf(one)]);
  const widths = [0, 1].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  );
  const spans = phases.map((phase) => `${phase.name} ${spanText(phase)}`).join(', ');
  const window = `  Figures count all requests that were due in a phase: ${spans}.`;
  return [
    `${experiment.title}: ${verdict}${simulated ? `. ${SIMULATED_SENTENCE}` : ''}`,
    ...lines,
    ...(variants.length === 0 ? [] : [window]),
    ...remarks.map((remark) => `  ! ${remark}`),
    '',
  ].join('\n');
}

function observedOf(hypothesis: HypothesisResult): string {
  const { metric, observed } = hypothesis;
  const [value, interval] = [observedText(hypothesis), hypothesisInterval(hypothesis)];
  if (interval !== undefined) return `${value} (${interval})`;
  // A run has only one recovery time; for latencies there were too few requests to locate the true quantile.
  return observed === null || metric === 'recoveryMs' ? value : `${value} (too few requests to be sure)`;
}
