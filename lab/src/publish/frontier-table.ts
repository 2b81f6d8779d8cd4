import type { Estimate } from '@halfopen/figures/statistics';
import { tableRow } from '@halfopen/figures/text';
import { figureRows } from '../judge/figure-rows.ts';
import type { MetricName } from '../result/metrics.ts';
import type { ExperimentResult } from '../result/result.ts';
import { formatFigure, intervalText } from '../wording/metric-words.ts';
import { NOTHING } from '../wording/verdict-words.ts';

/**
 * Calls per request and success of M. Brooker's simulated clients with a token bucket and no breaker, by the share f of calls that
 * fail ("Fixing retries with token buckets and circuit breakers", 2022). The post shows pictures, not digits. These come from his
 * code (github.com/mbrooker/simulator_example, retry_sim, commit bbfe394): 100 clients, 10 calls a second each for 10 seconds,
 * `AdaptiveRetryFactory(0.1, 5)`, the mean of the seeds 0, 1 and 2.
 *
 * - `asCoded`: a token is earned for each call that begins (`Call.start`).
 * - `asWritten`: the same code, but the token is earned in `Call.done_success`, as the text of the post says.
 */
const SIMULATED = [
  { f: 0.05, asCoded: { calls: 1.057, success: 1 }, asWritten: { calls: 1.057, success: 1 } },
  { f: 0.1, asCoded: { calls: 1.101, success: 0.992 }, asWritten: { calls: 1.103, success: 0.991 } },
  { f: 0.3, asCoded: { calls: 1.14, success: 0.798 }, asWritten: { calls: 1.117, success: 0.785 } },
  { f: 0.5, asCoded: { calls: 1.142, success: 0.572 }, asWritten: { calls: 1.098, success: 0.551 } },
  { f: 0.75, asCoded: { calls: 1.143, success: 0.285 }, asWritten: { calls: 1.07, success: 0.264 } },
] as const;

/**
 * Tables for the experiments in which a share f of the attempts fails and nothing else is broken: Brooker's simulation beside what
 * was measured, and success per call. Whatever a policy does, success = calls per request × (1 − f).
 * @returns Markdown, a line an entry; empty when there is no such result
 */
export function frontierTables(results: readonly ExperimentResult[]): string[] {
  const rows = SIMULATED.flatMap((simulated) => {
    const result = results.find((one) => shareOfFailures(one.experiment.file) === simulated.f);
    return result === undefined ? [] : [{ simulated, estimates: estimatesDuring(result) }];
  });
  const names = [...new Set(rows.flatMap(({ estimates }) => [...estimates.keys()]))];
  if (rows.length === 0) return [];
  const table = (headings: readonly string[], body: readonly (readonly string[])[]) => [
    tableRow([...headings, ...names]),
    `|${' ---: |'.repeat(headings.length + names.length)}`,
    ...body.map(tableRow),
  ];
  const pair = (calls: number | undefined, success: number | undefined) =>
    `${calls?.toFixed(3) ?? NOTHING}, ${success?.toFixed(3) ?? NOTHING}`;
  return [
    '',
    'Calls per request and success:',
    '',
    ...table(
      ['f', 'simulation as coded', 'simulation as written'],
      rows.map(({ simulated: { f, asCoded, asWritten }, estimates }) => [
        String(f),
        pair(asCoded.calls, asCoded.success),
        pair(asWritten.calls, asWritten.success),
        ...names.map((name) => pair(estimates.get(name)?.amplification?.value, estimates.get(name)?.success?.value)),
      ]),
    ),
    '',
    'Success per call, which must be 1 − f, with its 95 % interval:',
    '',
    ...table(
      ['f', '1 − f', 'simulation as coded', 'simulation as written'],
      rows.map(({ simulated: { f, asCoded, asWritten }, estimates }) => [
        String(f),
        (1 - f).toFixed(2),
        (asCoded.success / asCoded.calls).toFixed(3),
        (asWritten.success / asWritten.calls).toFixed(3),
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

/** The share of failures that an experiment's file is named after: `random-errors-05.yaml` is f = 0.05. */
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
