import { markdownText, tableRow } from '@halfopen/figures/text';
import type { ExperimentResult } from '../result/result.ts';
import {
  hypothesisInterval,
  NOTHING,
  observedText,
  SIMULATED_SENTENCE,
  VERDICT_MARKS,
  VERDICT_TEXTS,
  verdictSentence,
} from '../wording/verdict-words.ts';

/** A summary for a pull request or a CI page. */
export function renderMarkdown(result: ExperimentResult): string {
  const { experiment, verdict, simulated, remarks, provenance } = result;
  return [
    `## ${VERDICT_MARKS[verdict]} ${VERDICT_TEXTS[verdict]}${simulated ? ' (simulated)' : ''}: ${markdownText(experiment.title)}`,
    '',
    `${verdictSentence(result)}${simulated ? ` ${SIMULATED_SENTENCE}` : ''}`,
    '',
    ...hypothesesMarkdown(result),
    '',
    ...(remarks.length === 0 ? [] : [...remarks.map((remark) => `- ${markdownText(remark)}`), '']),
    `Seed ${provenance.seed}, commit ${provenance.commit}, Node ${provenance.node}, ${markdownText(provenance.machine.cpu)}. Again: \`${provenance.command}\``,
    '',
  ].join('\n');
}

/** The table of hypotheses, one line per entry. */
export function hypothesesMarkdown({ hypotheses }: ExperimentResult): string[] {
  return [
    '| hypothesis | observed | 95 % interval | verdict |',
    '| --- | ---: | ---: | --- |',
    ...hypotheses.map((one) =>
      tableRow([
        one.text,
        observedText(one),
        hypothesisInterval(one) ?? NOTHING,
        `${VERDICT_MARKS[one.verdict]} ${VERDICT_TEXTS[one.verdict].toLowerCase()}`,
      ]),
    ),
  ];
}
