import { estimateOf } from '../judge.ts';
import type { RawRun } from '../measure/raw-run.ts';
import { rawRunOf } from '../measure/unpack.ts';
import { arePairs } from '../report/figures.ts';
import { type ExperimentResult, METRICS, type MetricName, PHASES, type PhaseName } from '../result.ts';
import { alarmLevel, type Estimate } from '../stats/index.ts';

/** Two results that cannot be compared; the message says why. */
export class CompareError extends Error {}

export interface Comparison {
  /** Whether both had the same arrivals; otherwise what was different. */
  readonly pairing: { readonly paired: true } | { readonly paired: false; readonly because: string };
  /** Of each row's interval: all of them together ring falsely in at most one comparison of twenty. */
  readonly level: number;
  /** How much later B's runner sent its requests, at p99; below nought: A's did. No difference of latencies within this is judged. */
  readonly sentLaterByMs: number;
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
  /** `undecided`: the interval holds nought, or there is none; of latencies, what the runner itself may have added. */
  readonly verdict: 'worse' | 'better' | 'undecided';
}

/**
 * Compares two results of one experiment, by two commits or under two policies: every figure that a hypothesis of either speaks of.
 * Variants are matched by name; where either result has a single one, these two.
 *
 * With the same arrivals in both the differences are paired, arrival by arrival. Recovery is shown and never decides: a run has only
 * one.
 * @throws CompareError where a run of either was unsound, where they have no variant in common, or not the same phases
 */
export function compareResults(a: ExperimentResult, b: ExperimentResult): Comparison {
  for (const [name, { sound, remarks }] of Object.entries({ A: a, B: b })) {
    if (!sound) throw new CompareError(`${name} gave no verdict, so there is nothing to compare: ${remarks.join(' ')}`);
  }
  const phases = PHASES.map((name) => [a, b].map((one) => one.phases.find((phase) => phase.name === name)));
  if (phases.some(([left, right]) => left?.fromS !== right?.fromS || left?.toS !== right?.toS)) {
    throw new CompareError(`the two have different phases: ${phasesText(a)}; ${phasesText(b)}`);
  }
  const matches = matchesOf(a, b);
  const unpaired = matches
    .map(({ a: left, b: right }) => differenceOfArrivals(left.runs, right.runs))
    .find((one) => one !== undefined);
  const paired = unpaired === undefined;
  const sentLaterByMs =
    latest(matches.map(({ b: { latenessMs } }) => latenessMs)) -
    latest(matches.map(({ a: { latenessMs } }) => latenessMs));
  const wanted = matches.flatMap((match) => figuresToCompare(a, b, match).map((figure) => ({ ...match, ...figure })));
  const level = alarmLevel(wanted.filter(({ metric }) => metric !== 'recoveryMs').length);
  const rows = wanted.map(({ a: left, b: right, phase: name, metric, lowerIsBetter }): ComparisonRow => {
    const row = { variantA: left.name, variantB: right.name, phase: name, metric };
    if (metric === 'recoveryMs') {
      const [slowestA, slowestB] = [slowest(left.recoveryMs), slowest(right.recoveryMs)];
      const value = slowestA === null || slowestB === null ? null : slowestB - slowestA;
      return {
        ...row,
        a: slowestA,
        b: slowestB,
        difference: value === null ? null : { value, interval: null },
        verdict: 'undecided',
      };
    }
    const phase = a.phases.find((one) => one.name === name) as ExperimentResult['phases'][number];
    const options = { seed: a.provenance.seed, level, paired };
    const alone = (runs: readonly RawRun[]) =>
      estimateOf(metric, runs, undefined, phase, { ...options, resamples: 1 })?.value ?? null;
    const difference = estimateOf(metric, right.runs, left.runs, phase, options) ?? null;
    return {
      ...row,
      a: alone(left.runs),
      b: alone(right.runs),
      difference,
      verdict: verdictOf(difference, lowerIsBetter, isLatency(metric) ? Math.abs(sentLaterByMs) : 0),
    };
  });
  return {
    pairing: paired ? { paired } : { paired, because: unpaired },
    level,
    sentLaterByMs,
    rows,
    worse: rows.some(({ verdict }) => verdict === 'worse'),
  };
}

interface Side {
  readonly name: string;
  readonly runs: readonly RawRun[];
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
    recoveryMs: runs.map(({ figures }) => figures.after.recoveryMs),
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

const HIGHER_IS_BETTER: readonly MetricName[] = ['success', 'goodputPerS', 'successPerAttempt'];

function figuresToCompare(a: ExperimentResult, b: ExperimentResult, match: Match): FigureToCompare[] {
  const hypotheses = [...a.hypotheses, ...b.hypotheses].filter(({ variant, minus }) =>
    [variant, minus].some((name) => name === match.a.name || name === match.b.name),
  );
  return PHASES.flatMap((phase) =>
    METRICS.flatMap((metric): FigureToCompare[] => {
      const about = hypotheses.find((one) => one.phase === phase && one.metric === metric);
      if (about === undefined) return [];
      // A degraded answer is better than none and worse than a true one: what is wanted of it, the hypothesis says.
      const higher = metric === 'degraded' ? about.atLeast !== undefined : HIGHER_IS_BETTER.includes(metric);
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

function isLatency(metric: MetricName): boolean {
  return metric === 'p50Ms' || metric === 'p99Ms' || metric === 'p999Ms';
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
