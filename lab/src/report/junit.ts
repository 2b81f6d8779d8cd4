import { escape } from '@halfopen/figures/text';
import type { ExperimentResult, HypothesisResult } from '../result/result.ts';
import { hypothesisInterval, observedText } from '../wording/verdict-words.ts';

/**
 * JUnit XML, which every CI server reads. Each hypothesis is a test. A failed one is a failure; an inconclusive one is
 * an error, because it must not look green.
 */
export function renderJunit({ experiment, simulated, hypotheses, remarks }: ExperimentResult): string {
  const count = (verdict: HypothesisResult['verdict']) => hypotheses.filter((one) => one.verdict === verdict).length;
  const cases = hypotheses.map((one) => {
    const said = attribute([observedText(one), hypothesisInterval(one) ?? 'no interval', ...remarks].join('; '));
    const outcome = {
      held: '',
      failed: `<failure type="failed" message="${said}"/>`,
      inconclusive: `<error type="inconclusive" message="${said}"/>`,
    }[one.verdict];
    return `    <testcase classname="${attribute(experiment.file)}" name="${attribute(one.text)}">${outcome}</testcase>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="${attribute(`${experiment.title}${simulated ? ' (simulated)' : ''}`)}" tests="${hypotheses.length}" failures="${count('failed')}" errors="${count('inconclusive')}">
${cases.join('\n')}
  </testsuite>
</testsuites>
`;
}

/** XML 1.0 allows no control characters, not even escaped ones. A single one would make a CI server reject the file. */
function attribute(text: string): string {
  return escape(text.replace(/\p{Cc}/gu, ' '));
}
