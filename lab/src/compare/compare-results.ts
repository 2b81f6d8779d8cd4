import { alarmLevel, type Estimate, LEAST_RUNS } from '@halfopen/figures/statistics';
import { estimateOf, QUANTILES } from '../judge/estimate.ts';
import { arePairs } from '../measure/pairs.ts';
import type { RawRun } from '../measure/raw-run.ts';
import { rawRunOf } from '../measure/run-of-result.ts';
import { isShare, METRICS, type MetricName } from '../result/metrics.ts';
import { type ExperimentResult, PHASES, type PhaseName } from '../result/result.ts';
import { differenceOfExperiments } from './difference-of-experiments.ts';

/** Two results that cannot be compared. The message says why. */
export class CompareError extends Error {}

export interface Comparison {
  /** Whether both results have the same arrivals; if not, what differs. */
  readonly pairing: { readonly paired: true } | { readonly paired: false; readonly because: string };
  /**
   * Level of each row's interval. At this level, at most one comparison in twenty reports a difference that is not
   * there, all rows together.
   */
  readonly level: number;
  /** How much later B's load generator sent its requests, at p99. Negative: A's was later. */
  readonly sentLaterByMs: number;
  /** Latency differences within this are not judged, because the load generator or the machine may have caused them. */
  readonly doubtMs: Readonly<Record<Latency, number>>;
  /** Which of the two were simulated, so that differences of the machine are differences of a model. */
  readonly simulated: readonly ('A' | 'B')[];
  readonly rows: readonly ComparisonRow[];
  /** Whether B is certainly worse in any row. */
  readonly worse: boolean;
}

export interface ComparisonRow {
  readonly variantA: string;
  readonly variantB: string;
  readonly phase: PhaseName;
  readonly metric: MetricName;
  readonly a: number | null;
  readonly b: number | null;
  /** B − A; `null` when one of them was not measured. */
  readonly difference: Estimate | null;
  /**
   * `undecided`: there is no interval, or it contains zero. For latencies: or it contains what the load generator or
   * the machine may have added.
   */
  readonly verdict: 'worse' | 'better' | 'undecided';
}

type Latency = keyof typeof QUANTILES;

/**
 * Compares two results of one experiment, by two commits or under two policies. It compares every figure that a
 * hypothesis of either mentions, and always success and recovery after the fault. Variants are matched by name; if both
 * results have a single variant, those two are compared.
 *
 * If both have the same arrivals, differences are paired, arrival by arrival. Three things are judged differently:
 *
 * - A bound of 0 or 1, such as `wrong ≤ 0`, is judged by the observed value, as in a run. B is worse if A kept the
 *   bound and B did not.
 * - Recovery is one figure per run, so its length decides nothing. Not recovering at all, when the other did, does.
 * - Latencies depend on the policy *and* on the machine, and a machine is not equally fast in two runs. From three runs
 *   per side on, the spread of the runs shows that. With fewer, a difference must exceed twice the range of the same
 *   latency, over all runs of both results, before anything is broken.
 * @throws CompareError when a run of either was unsound, when they have no variant in common, or when they do not ask
 *   the same question
 */
export function compareResults(a: ExperimentResult, b: ExperimentResult): Comparison {
  for (const [name, { sound, remarks }] of Object.entries({ A: a, B: b })) {
    if (!sound) throw new CompareError(`${name} gave no verdict, so there is nothing to compare: ${remarks.join(' ')}`);
  }
  const phases = PHASES.map((name) => [a, b].map((one) => one.phases.find((phase) => phase.name === name)));
  if (phases.some(([left, right]) => left?.fromS !== right?.fromS || left?.toS !== right?.toS)) {
    throw new CompareError(`the two have different phases: ${phasesText(a)}; ${phasesText(b)}`);
  }
  const unlike = differenceOfExperiments(a, b);
  if (unlike !== undefined) throw new CompareError(`the two do not ask the same question: ${unlike}`);
  const matches = matchesOf(a, b);
  const unpaired = matches
    .map(({ a: left, b: right }) => differenceOfArrivals(left.runs, right.runs))
    .find((one) => one !== undefined);
  const paired = unpaired === undefined;
  const sentLaterByMs =
    latest(matches.map(({ b: { latenessMs } }) => latenessMs)) -
    latest(matches.map(({ a: { latenessMs } }) => latenessMs));
  const doubtMs = doubtOfLatencies(a, b, Math.abs(sentLaterByMs));
  const hypotheses = [...a.hypotheses, ...b.hypotheses];
  const wanted = matches.flatMap((match) => figuresToCompare(a, b, match).map((figure) => ({ ...match, ...figure })));
  const level = alarmLevel(wanted.filter(({ metric }) => metric !== 'recoveryMs').length);
  const rows = wanted.map(({ a: left, b: right, phase: name, metric, lowerIsBetter }): ComparisonRow => {
    const row = { variantA: left.name, variantB: right.name, phase: name, metric };
    if (metric === 'recoveryMs') return { ...row, ...recoveryRow(left, right) };
    const phase = a.phases.find((one) => one.name === name) as ExperimentResult['phases'][number];
    // At this level a handful of runs would say nothing about shares, and the machine hardly affects shares.
    const options = { seed: a.provenance.seed, level, paired, betweenRuns: isLatency(metric) };
    const alone = (runs: readonly RawRun[]) =>
      estimateOf(metric, runs, undefined, phase, { ...options, resamples: 1 })?.value ?? null;
    const difference = estimateOf(metric, right.runs, left.runs, phase, options) ?? null;
    const [valueA, valueB] = [alone(left.runs), alone(right.runs)];
    const strict = hypotheses
      .filter((one) => one.phase === name && one.metric === metric && one.minus === undefined)
      .filter(({ variant }) => variant === left.name || variant === right.name)
      .map((bounds) => verdictByBound(bounds, valueA, valueB))
      .find((verdict) => verdict !== undefined);
    return {
      ...row,
      a: valueA,
      b: valueB,
      difference,
      verdict: strict ?? verdictOf(difference, lowerIsBetter, isLatency(metric) ? doubtMs[metric] : 0),
    };
  });
  return {
    pairing: paired ? { paired } : { paired, because: unpaired },
    level,
    sentLaterByMs,
    doubtMs,
    simulated: (['A', 'B'] as const).filter((name) => ({ A: a, B: b })[name].simulated),
    rows,
    worse: rows.some(({ verdict }) => verdict === 'worse'),
  };
}

interface Side {
  readonly name: string;
  readonly runs: readonly RawRun[];
  /** One entry per run; `Infinity` when it did not recover. */
  readonly recoveryMs: readonly (number | null)[];
  /** p99 of the run whose load generator was latest. */
  readonly latenessMs: number;
}

interface Match {
  readonly a: Side;
  readonly b: Side;
}

function matchesOf(a: ExperimentResult, b: ExperimentResult): Match[] {
  const [left, right] = [sidesOf(a), sidesOf(b)];
  const [onlyLeft, onlyRight] = [left[0], right[0]];
  if (left.length === 1 && right.length === 1 && onlyLeft !== undefined && onlyRight !== undefined)
    return [{ a: onlyLeft, b: onlyRight }];
  const matches = left.flatMap((side) =>
    right.filter(({ name }) => name === side.name).map((other) => ({ a: side, b: other })),
  );
  if (matches.length > 0) return matches;
  const names = [left, right].map((sides) => sides.map(({ name }) => name).join(', ') || 'none');
  throw new CompareError(`the two have no variant in common: ${names.join(' against ')}`);
}

function sidesOf({ variants, phases }: ExperimentResult): Side[] {
  return variants.map(({ name, runs }) => ({
    name,
    runs: runs.map((run) => rawRunOf(run, phases)),
    recoveryMs: runs.map(({ figures: { after } }) =>
      after.recovered === false ? Number.POSITIVE_INFINITY : after.recoveryMs,
    ),
    latenessMs: latest(runs.map(({ lateness }) => lateness.p99Ms)),
  }));
}

/** @returns `undefined` when both have the same arrivals */
function differenceOfArrivals(a: readonly RawRun[], b: readonly RawRun[]): string | undefined {
  if (a.length !== b.length) return `they have ${a.length} and ${b.length} runs`;
  return arePairs(a, b) ? undefined : 'their arrivals differ (another seed or another load)';
}

interface FigureToCompare {
  readonly phase: PhaseName;
  readonly metric: MetricName;
  readonly lowerIsBetter: boolean;
}

/** Compared even when no hypothesis mentions it. */
function isAlwaysCompared(phase: PhaseName, metric: MetricName): boolean {
  return (metric === 'success' && phase !== 'before') || (metric === 'recoveryMs' && phase === 'after');
}

const HIGHER_IS_BETTER: readonly MetricName[] = ['success', 'goodputPerS', 'successPerAttempt'];

function figuresToCompare(a: ExperimentResult, b: ExperimentResult, match: Match): FigureToCompare[] {
  const hypotheses = [...a.hypotheses, ...b.hypotheses].filter(({ variant, minus }) =>
    [variant, minus].some((name) => name === match.a.name || name === match.b.name),
  );
  return PHASES.flatMap((phase) =>
    METRICS.flatMap((metric): FigureToCompare[] => {
      const about = hypotheses.find((one) => one.phase === phase && one.metric === metric);
      if (about === undefined && !isAlwaysCompared(phase, metric)) return [];
      // A degraded answer is better than none and worse than a fresh one. Which way is better is up to the hypothesis.
      const higher = metric === 'degraded' ? about?.atLeast !== undefined : HIGHER_IS_BETTER.includes(metric);
      return [{ phase, metric, lowerIsBetter: !higher }];
    }),
  );
}

/** @param unsure a difference of this size, in either direction, may come from the load generator or the machine */
function verdictOf(difference: Estimate | null, lowerIsBetter: boolean, unsure: number): ComparisonRow['verdict'] {
  const interval = difference?.interval ?? null;
  if (interval === null || (interval[0] <= unsure && interval[1] >= -unsure)) return 'undecided';
  return interval[0] > 0 === lowerIsBetter ? 'worse' : 'better';
}

/**
 * @returns `undefined` when this kind of bound is not judged by the observed value, or when both sides kept it or both
 *   broke it
 */
function verdictByBound(
  { metric, atLeast, atMost }: ExperimentResult['hypotheses'][number],
  a: number | null,
  b: number | null,
): 'worse' | 'better' | undefined {
  if (a === null || b === null || !isShare(metric)) return undefined;
  const kept = (value: number) => (atMost !== 0 || value === 0) && (atLeast !== 1 || value === 1);
  if (kept(a) === kept(b)) return undefined;
  return kept(a) ? 'worse' : 'better';
}

function recoveryRow(a: Side, b: Side): Pick<ComparisonRow, 'a' | 'b' | 'difference' | 'verdict'> {
  const [slowestA, slowestB] = [slowest(a.recoveryMs), slowest(b.recoveryMs)];
  if (slowestA === null || slowestB === null)
    return { a: slowestA, b: slowestB, difference: null, verdict: 'undecided' };
  const [cameA, cameB] = [Number.isFinite(slowestA), Number.isFinite(slowestB)];
  return {
    a: slowestA,
    b: slowestB,
    difference: cameA && cameB ? { value: slowestB - slowestA, interval: null } : null,
    verdict: cameA === cameB ? 'undecided' : cameA ? 'worse' : 'better',
  };
}

function doubtOfLatencies(a: ExperimentResult, b: ExperimentResult, runnerMs: number): Record<Latency, number> {
  const runs = [a, b].flatMap(({ variants }) => variants.flatMap((variant) => variant.runs));
  const few = [a, b].some(({ variants }) => variants.some((variant) => variant.runs.length < LEAST_RUNS));
  const doubt = (latency: Latency) => {
    const calm = runs.map(({ figures }) => figures.before[latency]).filter((value) => value !== null);
    const machineMs = few ? 2 * (Math.max(...calm) - Math.min(...calm)) : 0;
    return calm.length === 0 ? runnerMs : Math.max(runnerMs, machineMs);
  };
  return { p50Ms: doubt('p50Ms'), p99Ms: doubt('p99Ms'), p999Ms: doubt('p999Ms') };
}

function isLatency(metric: MetricName): metric is Latency {
  return metric in QUANTILES;
}

function latest(latenessMs: readonly number[]): number {
  return Math.max(0, ...latenessMs);
}

function slowest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length < times.length || known.length === 0 ? null : Math.max(...known);
}

function phasesText({ phases }: ExperimentResult): string {
  return phases.map(({ name, fromS, toS }) => `${name} ${fromS} to ${toS} s`).join(', ');
}
