import type { Estimate } from '@halfopen/figures/statistics';
import { tableRow } from '@halfopen/figures/text';
import { figureRows } from '../judge/figure-rows.ts';
import type { MetricName } from '../result/metrics.ts';
import type { ExperimentResult } from '../result/result.ts';
import { formatFigure, intervalText } from '../wording/metric-words.ts';
import { NOTHING } from '../wording/verdict-words.ts';

/**
 * Calls per request and success of a client with a token bucket and no breaker, by the share f of calls that fail: M. Brooker 2022,
 * "Fixing retries with token buckets and circuit breakers", from his simulation.
 */
const PUBLISHED = [
  { f: 0.05, calls: 1.05, success: 1 },
  { f: 0.1, calls: 1.1, success: 0.993 },
  { f: 0.3, calls: 1.14, success: 0.805 },
  { f: 0.5, calls: 1.14, success: 0.575 },
  { f: 0.75, calls: 1.14, success: 0.291 },
] as const;

/**
 * Of the experiments in which a share f of the attempts fails and nothing else is broken: what was published, what was measured, and
 * how both stand to the frontier. Whatever a policy does, success = calls per request × (1 − f).
 * @returns Markdown, a line an entry; nothing where there is no such result
 */
export function frontierTables(results: readonly ExperimentResult[]): string[] {
  const rows = PUBLISHED.flatMap((published) => {
    const result = results.find((one) => shareOfFailures(one.experiment.file) === published.f);
    return result === undefined ? [] : [{ published, estimates: estimatesDuring(result) }];
  });
  const names = [...new Set(rows.flatMap(({ estimates }) => [...estimates.keys()]))];
  if (rows.length === 0) return [];
  const table = (headings: readonly string[], body: readonly (readonly string[])[]) => [
    tableRow([...headings, ...names]),
    `|${' ---: |'.repeat(headings.length + names.length)}`,
    ...body.map(tableRow),
  ];
  return [
    '',
    'Calls per request and success:',
    '',
    ...table(
      ['f', 'published'],
      rows.map(({ published: { f, calls, success }, estimates }) => [
        String(f),
        `${calls.toFixed(2)}, ${success.toFixed(3)}`,
        ...names.map((name) => {
          const [measuredCalls, measuredSuccess] = [estimates.get(name)?.amplification, estimates.get(name)?.success];
          return `${measuredCalls?.value.toFixed(3) ?? NOTHING}, ${measuredSuccess?.value.toFixed(3) ?? NOTHING}`;
        }),
      ]),
    ),
    '',
    'Success per call, which must be 1 − f, with its 95 % interval:',
    '',
    ...table(
      ['f', '1 − f', 'published'],
      rows.map(({ published: { f, calls, success }, estimates }) => [
        String(f),
        (1 - f).toFixed(2),
        (success / calls).toFixed(3),
        ...names.map((name) => {
          const { value, interval } = estimates.get(name)?.successPerAttempt ?? {};
          const figure = value === undefined ? NOTHING : formatFigure('successPerAttempt', value);
          return interval == null ? figure : `${figure} (${intervalText('successPerAttempt', interval)})`;
        }),
      ]),
    ),
    '',
  ];
}

/** As the experiment is named: `random-errors-05.yaml` is f = 0.05. */
export function shareOfFailures(file: string): number | undefined {
  const [, digits] = /(?:^|\/)random-errors-(\d+)\.yaml$/.exec(file) ?? [];
  return digits === undefined ? undefined : Number(`0.${digits}`);
}

type Estimates = Partial<Record<MetricName, Estimate>>;

/** By variant. */
function estimatesDuring(result: ExperimentResult): Map<string, Estimates> {
  const rows = figureRows(result).filter(({ phase }) => phase === 'during');
  return new Map(
    result.variants.map(({ name }, index) => [
      name,
      Object.fromEntries(
        rows.flatMap(({ metric, estimates }) => (estimates[index] ? [[metric, estimates[index]]] : [])),
      ),
    ]),
  );
}
