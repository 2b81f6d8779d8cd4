import { alarmLevel, type Estimate, LEAST_RUNS } from '@halfopen/figures/statistics';
import { estimateOf, QUANTILES } from '../judge/estimate.ts';
import { arePairs } from '../measure/pairs.ts';
import type { RawRun } from '../measure/raw-run.ts';
import { rawRunOf } from '../measure/run-of-result.ts';
import { isShare, METRICS, type MetricName } from '../result/metrics.ts';
import { type ExperimentResult, PHASES, type PhaseName } from '../result/result.ts';
import { differenceOfExperiments } from './difference-of-experiments.ts';

/** Two results that cannot be compared; the message says why. */
export class CompareError extends Error {}

export interface Comparison {
  /** Whether both had the same arrivals; otherwise what was different. */
  readonly pairing: { readonly paired: true } | { readonly paired: false; readonly because: string };
  /** Of each row's interval: all of them together ring falsely in at most one comparison of twenty. */
  readonly level: number;
  /** How much later B's runner sent its requests, at p99; below nought: A's did. */
  readonly sentLaterByMs: number;
  /** No difference of a latency within this is judged: it may be the runner's or the machine's. */
  readonly doubtMs: Readonly<Record<Latency, number>>;
  readonly rows: readonly ComparisonRow[];
  /** Whether B is worse with certainty in any row. */
  readonly worse: boolean;
}

export interface ComparisonRow {
  readonly variantA: string;
  readonly variantB: string;
  readonly phase: PhaseName;
  readonly metric: MetricName;
  readonly a: number | null;
  readonly b: number | null;
  /** B − A; `null` where one of them was not measured. */
  readonly difference: Estimate | null;
  /** `undecided`: the interval holds nought, or there is none; of latencies, what the runner or the machine may have added. */
  readonly verdict: 'worse' | 'better' | 'undecided';
}

type Latency = keyof typeof QUANTILES;

/**
 * Compares two results of one experiment, by two commits or under two policies: every figure that a hypothesis of either speaks of,
 * and always success and recovery once something was broken. Variants are matched by name; where either result has a single one,
 * these two.
 *
 * With the same arrivals in both the differences are paired, arrival by arrival. Three things are judged otherwise:
 *
 * - A bound of 0 or 1, such as `wrong ≤ 0`, is kept or not, by what was observed (as in a run): B is worse where A kept it and B did not.
 * - Recovery is one figure a run, and its length decides nothing; never to recover, where the other did, does.
 * - Latencies are those of a policy *and* a machine, and a machine is not equally fast in two runs. From three runs a side on it
 *   shows in how they differ. With fewer, a difference must be clear of twice what the same latency differs by,
 *   over all runs of both results, before anything is broken.
 * @throws CompareError where a run of either was unsound, where they have no variant in common, or were not asked the same
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
  if (unlike !== undefined) throw new CompareError(`the two were not asked the same: ${unlike}`);
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
    // At this level a handful of runs would say nothing of shares, in which a machine has little part.
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
    rows,
    worse: rows.some(({ verdict }) => verdict === 'worse'),
  };
}

interface Side {
  readonly name: string;
  readonly runs: readonly RawRun[];
  /** One a run; `Infinity` where it did not recover. */
  readonly recoveryMs: readonly (number | null)[];
  /** Of the run whose runner was latest, at p99. */
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

/** @returns `undefined` where both had the same arrivals */
function differenceOfArrivals(a: readonly RawRun[], b: readonly RawRun[]): string | undefined {
  if (a.length !== b.length) return `they have ${a.length} and ${b.length} runs`;
  return arePairs(a, b) ? undefined : 'their arrivals differ (another seed or another load)';
}

interface FigureToCompare {
  readonly phase: PhaseName;
  readonly metric: MetricName;
  readonly lowerIsBetter: boolean;
}

/** What nobody may lose, whatever the hypotheses speak of. */
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
      // A degraded answer is better than none and worse than a true one: what is wanted of it, the hypothesis says.
      const higher = metric === 'degraded' ? about?.atLeast !== undefined : HIGHER_IS_BETTER.includes(metric);
      return [{ phase, metric, lowerIsBetter: !higher }];
    }),
  );
}

/** @param unsure a difference of so much, either way, may be the runner's own */
function verdictOf(difference: Estimate | null, lowerIsBetter: boolean, unsure: number): ComparisonRow['verdict'] {
  const interval = difference?.interval ?? null;
  if (interval === null || (interval[0] <= unsure && interval[1] >= -unsure)) return 'undecided';
  return interval[0] > 0 === lowerIsBetter ? 'worse' : 'better';
}

/** @returns `undefined` where the bound is none that is judged by what was observed, or both sides are on the same side of it */
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
