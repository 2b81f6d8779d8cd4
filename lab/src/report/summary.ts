import { formatFigure } from '../metric-words.ts';
import type { ExperimentResult, VariantResult } from '../result.ts';

/** What a variant's picture shows, in words, for whoever cannot see it. */
export function summaryOf(
  { phases, faults, loadChanges = [] }: ExperimentResult,
  { name, runs }: VariantResult,
): string {
  const [run] = runs;
  const said = phases.map(({ name: phase, fromS, toS }) => {
    const { success, p50Ms, p99Ms, amplification } = run?.figures[phase] ?? {};
    const figures = [
      success == null ? undefined : `${formatFigure('success', success)} success`,
      p50Ms == null ? undefined : `p50 ${formatFigure('p50Ms', p50Ms)}`,
      p99Ms == null ? undefined : `p99 ${formatFigure('p99Ms', p99Ms)}`,
      amplification == null ? undefined : `${formatFigure('amplification', amplification)} attempts per request`,
    ].filter((figure) => figure !== undefined);
    return `${phase} (${fromS} to ${toS} s): ${figures.length === 0 ? 'nothing measured' : figures.join(', ')}.`;
  });
  const hit = faults.map(({ label, fromS, toS }) => `Fault from ${fromS} to ${toS} s: ${label}.`);
  const load = loadChanges.map(({ label, fromS, toS }) => `Load from ${fromS} to ${toS} s: ${label}.`);
  const refused = (run?.timeline.endpoints ?? []).flatMap(({ name: who, states }) => {
    const seconds = states.filter((state) => state === 'open' || state === 'left_out').length;
    return seconds === 0
      ? []
      : [`The edge left ${who} out, or its breaker was open, in ${seconds} of ${states.length} seconds.`];
  });
  return [`Variant ${name}, second by second.`, ...hit, ...load, ...said, ...refused].join(' ');
}
