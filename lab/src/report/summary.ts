import type { ExperimentResult, VariantResult } from '../result/result.ts';
import { formatFigure } from '../wording/metric-words.ts';
import { spanText } from '../wording/span-text.ts';
import { SIMULATED_SENTENCE } from '../wording/verdict-words.ts';
import { asItWas } from './happenings.ts';

/** The picture of a variant in words, for readers who cannot see it. */
export function summaryOf(result: ExperimentResult, { name, runs }: VariantResult): string {
  const [run] = runs;
  const { phases, faults, loadChanges = [] } = asItWas(result, run);
  const said = phases.map((span) => {
    const phase = span.name;
    const { success, degraded, wrong, p50Ms, p99Ms, amplification } = run?.figures[phase] ?? {};
    const figures = [
      success == null ? undefined : `${formatFigure('success', success)} success`,
      // Most variants have none, so it is only mentioned if there were some.
      degraded == null || degraded === 0 ? undefined : `${formatFigure('degraded', degraded)} degraded`,
      wrong == null || wrong === 0 ? undefined : `${formatFigure('wrong', wrong)} wrong`,
      p50Ms == null ? undefined : `p50 ${formatFigure('p50Ms', p50Ms)}`,
      p99Ms == null ? undefined : `p99 ${formatFigure('p99Ms', p99Ms)}`,
      amplification == null ? undefined : `${formatFigure('amplification', amplification)} attempts per request`,
    ].filter((figure) => figure !== undefined);
    return `${phase} (${spanText(span)}): ${figures.length === 0 ? 'nothing measured' : figures.join(', ')}.`;
  });
  const hit = faults.map((fault) => `Fault from ${spanText(fault)}: ${fault.label}.`);
  const load = loadChanges.map((change) => `Load from ${spanText(change)}: ${change.label}.`);
  const refused = (run?.timeline.endpoints ?? []).flatMap(({ name: who, states }) => {
    const seconds = states.filter((state) => state === 'open' || state === 'left_out').length;
    return seconds === 0
      ? []
      : [`The edge left ${who} out, or its breaker was open, in ${seconds} of ${states.length} seconds.`];
  });
  const { breaker = [], endpoints } = run?.timeline ?? {};
  const open = endpoints === undefined ? breaker.filter((state) => state === 'open').length : 0;
  const tripped = open === 0 ? [] : [`The breaker was open in ${open} of ${breaker.length} seconds.`];
  return [
    `Variant ${name}, second by second.${result.simulated ? ` ${SIMULATED_SENTENCE}` : ''}`,
    ...hit,
    ...load,
    ...said,
    ...tripped,
    ...refused,
  ].join(' ');
}
