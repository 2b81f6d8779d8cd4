import { judge } from '@halfopen/figures/statistics';
import type { Hypothesis } from '../experiment/format.ts';
import type { Phase } from '../experiment/phases.ts';
import { observedRecoveryFor, recoveryOf } from '../measure/figures.ts';
import type { RawRun } from '../measure/raw-run.ts';
import { isShare } from '../result/metrics.ts';
import type { HypothesisResult } from '../result/result.ts';
import { differenceText, formatFigure, METRIC_TEXTS } from '../wording/metric-words.ts';
import { estimateOf } from './estimate.ts';

const SHARE: readonly [number, number] = [0, 1];
const COUNTED: readonly [number, number] = [0, Number.POSITIVE_INFINITY];

/**
 * Judges a hypothesis by the runs.
 *
 * Recovery is judged differently: a run has only one recovery time, so there is no interval. Every run must keep the
 * bound, and `observed` is the worst value. A difference of recoveries is judged run by run in the same way.
 * @param runs by variant, all in the same order: the first run of one variant is paired with the first of another
 */
export function judgeHypothesis(
  hypothesis: Hypothesis,
  runs: Readonly<Record<string, readonly RawRun[]>>,
  phases: readonly Phase[],
  seed: number,
): HypothesisResult {
  const { variant, minus, metric, atLeast, atMost } = hypothesis;
  const phase = phases.find(({ name }) => name === hypothesis.phase) as Phase;
  const stated = {
    text: textOf(hypothesis),
    phase: phase.name,
    metric,
    variant,
    ...(minus === undefined ? {} : { minus }),
    ...(atLeast === undefined ? {} : { atLeast }),
    ...(atMost === undefined ? {} : { atMost }),
  };
  const a = runs[variant] ?? [];
  const b = minus === undefined ? undefined : (runs[minus] ?? []);
  const bounds = { ...(atLeast === undefined ? {} : { atLeast }), ...(atMost === undefined ? {} : { atMost }) };
  if (metric === 'recoveryMs') return { ...stated, ...judgeRecovery(a, b, phase, bounds) };
  const estimate = estimateOf(metric, a, b, phase, { seed });
  if (estimate === undefined) return { ...stated, observed: null, interval: null, verdict: 'inconclusive' };
  const range = b !== undefined ? undefined : isShare(metric) ? SHARE : COUNTED;
  return { ...stated, observed: estimate.value, interval: estimate.interval, verdict: judge(estimate, bounds, range) };
}

function judgeRecovery(
  a: readonly RawRun[],
  b: readonly RawRun[] | undefined,
  after: Phase,
  { atLeast, atMost }: { readonly atLeast?: number; readonly atMost?: number },
): Pick<HypothesisResult, 'observed' | 'interval' | 'verdict'> {
  const values = a.map((run, index) => {
    const own = recoveryOf(run, after);
    const other = b === undefined ? 0 : b[index] === undefined ? null : recoveryOf(b[index], after);
    return own === null || other === null ? null : own - other;
  });
  const known = values.filter((value) => value !== null && !Number.isNaN(value)) as number[];
  if (known.length === 0 || known.length < values.length)
    return { observed: null, interval: null, verdict: 'inconclusive' };
  const worst = atMost === undefined ? Math.min(...known) : Math.max(...known);
  const held = known.every(
    (value) => (atLeast === undefined || value >= atLeast) && (atMost === undefined || value <= atMost),
  );
  const seenLongEnough = atMost === undefined || a.every((run) => observedRecoveryFor(run, after, atMost));
  const verdict = !held ? 'failed' : seenLongEnough ? 'held' : 'inconclusive';
  return { observed: Number.isFinite(worst) ? worst : null, interval: null, verdict };
}

function textOf({ variant, minus, phase, metric, atLeast, atMost }: Hypothesis): string {
  const who = minus === undefined ? variant : `${variant} − ${minus}`;
  const text = minus === undefined ? formatFigure : differenceText;
  const bounds = [
    ...(atLeast === undefined ? [] : [`≥ ${text(metric, atLeast)}`]),
    ...(atMost === undefined ? [] : [`≤ ${text(metric, atMost)}`]),
  ];
  return `${who}, ${phase}: ${METRIC_TEXTS[metric]} ${bounds.join(' and ')}`;
}
