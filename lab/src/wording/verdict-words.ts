import type { Verdict } from '@halfopen/figures/statistics';
import type { ExperimentResult, HypothesisResult } from '../result/result.ts';
import { differenceText, formatFigure, intervalText } from './metric-words.ts';

export const VERDICT_MARKS: Readonly<Record<Verdict, string>> = { held: '✓', failed: '✗', inconclusive: '?' };
export const VERDICT_TEXTS: Readonly<Record<Verdict, string>> = {
  held: 'Held',
  failed: 'Failed',
  inconclusive: 'Inconclusive',
};

/** For a run that did not recover while it was observed. */
export const NOT_RECOVERED = 'not within the phase';
/** Said wherever the figures of a simulated run are shown. */
export const SIMULATED_SENTENCE = 'Simulated: nothing was measured.';

/** Stands for a missing figure or interval. It is not a word, because `none` is also the name of a variant. */
export const NOTHING = '–';

/** The verdict in one sentence. */
export function verdictSentence({ verdict, sound, hypotheses }: ExperimentResult): string {
  const all = hypotheses.length;
  const count = (of: Verdict) => hypotheses.filter((one) => one.verdict === of).length;
  if (all === 0) return 'There was no hypothesis to judge.';
  if (verdict === 'held') {
    return all === 1 ? 'The hypothesis held.' : `All ${all} hypotheses held.`;
  }
  if (!sound)
    return `The run was given up: it decides nothing about its ${all === 1 ? 'hypothesis' : `${all} hypotheses`}.`;
  if (count('failed') === all) return all === 1 ? 'The hypothesis failed.' : `All ${all} hypotheses failed.`;
  if (count('inconclusive') === all) {
    return all === 1 ? 'The hypothesis could not be decided.' : `None of the ${all} hypotheses could be decided.`;
  }
  const parts = [
    count('failed') > 0 ? `${count('failed')} failed` : undefined,
    count('inconclusive') > 0 ? `${count('inconclusive')} could not be decided` : undefined,
    count('held') > 0 ? `${count('held')} held` : undefined,
  ].filter((part) => part !== undefined);
  const last = parts.pop();
  const said = parts.length === 0 ? last : `${parts.join(', ')} and ${last}`;
  return `Of ${all} hypotheses, ${said}.`;
}

/**
 * The same for readers who do not know what a hypothesis is here; empty when there is no sound run or no hypothesis.
 */
export function verdictMeaning({ verdict, sound, hypotheses }: ExperimentResult): string {
  if (!sound || hypotheses.length === 0) return '';
  return {
    held: 'The system did everything that this experiment demands of it.',
    failed: 'The system did not do everything that this experiment demands of it.',
    inconclusive:
      'Too little was measured to tell whether the system does everything that this experiment demands of it.',
  }[verdict];
}

/** How far the figures can be trusted, and why. */
export function beliefSentences({ simulated, variants, hypotheses, provenance }: ExperimentResult): string[] {
  const runs = variants.flatMap((variant) => variant.runs);
  const requests = runs.reduce((sum, run) => sum + run.requests.count, 0);
  const repeats = variants[0]?.runs.length ?? 0;
  const worst = runs.reduce((most, { lateness }) => Math.max(most, lateness.maxMs), 0);
  const p99 = runs.reduce((most, { lateness }) => Math.max(most, lateness.p99Ms), 0);
  const count = requests.toLocaleString('en-GB');
  return [
    variants.length === 1
      ? `${count} requests in ${repeats === 1 ? 'one run' : `${repeats} runs`}.`
      : `${count} requests: every variant got the same arrivals and the same victims, ${repeats === 1 ? 'once' : `${repeats} times`}.`,
    'A hypothesis holds if the whole 95 % interval of its figure is within the bound, fails if none of it is, and is inconclusive if it lies on both sides.',
    ...(hypotheses.some(({ interval }) => interval === null)
      ? [
          'An interval is missing where there was too little data, or where a run has only one such figure (recovery: every run must keep the bound).',
        ]
      : []),
    simulated
      ? `${SIMULATED_SENTENCE} The policies, the admission and the fault plan are the code of the services; processes, sockets and time are models. docs/simulator.md says how far they can be trusted.`
      : `The load generator itself was late by ${formatFigure('p99Ms', p99)} at p99, ${formatFigure('p99Ms', worst)} at worst; latencies count from the scheduled time, so they include this delay.`,
    `Seed ${provenance.seed}: the same seed gives the same arrivals and the same victims.`,
  ];
}

export function observedText({ metric, observed, minus, verdict }: HypothesisResult): string {
  if (observed === null) {
    if (metric !== 'recoveryMs') return 'not measured';
    // Inconclusive: the run ended before anything could recover, so it is unknown whether it would have.
    return verdict === 'inconclusive' ? 'no recovery seen' : NOT_RECOVERED;
  }
  return minus === undefined ? formatFigure(metric, observed) : differenceText(metric, observed);
}

export function hypothesisInterval({ metric, interval, minus }: HypothesisResult): string | undefined {
  if (interval === null) return undefined;
  if (minus === undefined) return intervalText(metric, interval);
  return interval.map((end) => differenceText(metric, end)).join(' to ');
}
