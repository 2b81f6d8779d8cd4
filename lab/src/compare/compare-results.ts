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
  /** `undecided`: the interval holds nought, or there is none. */
  readonly verdict: 'worse' | 'better' | 'undecided';
}

/**
 * Compares two results of one experiment, by two commits or under two policies: every figure that a hypothesis of either speaks of.
 * Variants are matched by name; where either result has a single one, these two.
 *
 * With the same arrivals in both the differences are paired, arrival by arrival. Recovery is shown and never decides: a run has only
 * one.
 * @throws CompareError where they have no variant in common, or not the same phases
 */
export function compareResults(a: ExperimentResult, b: ExperimentResult): Comparison {
  const phases = PHASES.map((name) => [a, b].map((one) => one.phases.find((phase) => phase.name === name)));
  if (phases.some(([left, right]) => left?.fromS !== right?.fromS || left?.toS !== right?.toS)) {
    throw new CompareError(`the two have different phases: ${phasesText(a)}; ${phasesText(b)}`);
  }
  const matches = matchesOf(a, b);
  const unpaired = matches
    .map(({ a: left, b: right }) => differenceOfArrivals(left.runs, right.runs))
    .find((one) => one !== undefined);
  const paired = unpaired === undefined;
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
      verdict: verdictOf(difference, lowerIsBetter),
    };
  });
  return {
    pairing: paired ? { paired } : { paired, because: unpaired },
    level,
    rows,
    worse: rows.some(({ verdict }) => verdict === 'worse'),
  };
}

interface Side {
  readonly name: string;
  readonly runs: readonly RawRun[];
  readonly recoveryMs: readonly (number | null)[];
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

function verdictOf(difference: Estimate | null, lowerIsBetter: boolean): ComparisonRow['verdict'] {
  const interval = difference?.interval ?? null;
  if (interval === null || (interval[0] <= 0 && interval[1] >= 0)) return 'undecided';
  return interval[0] > 0 === lowerIsBetter ? 'worse' : 'better';
}

function slowest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length < times.length || known.length === 0 ? null : Math.max(...known);
}

function phasesText({ phases }: ExperimentResult): string {
  return phases.map(({ name, fromS, toS }) => `${name} ${fromS} to ${toS} s`).join(', ');
}
