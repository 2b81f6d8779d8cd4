import type { Estimate } from '@halfopen/figures/statistics';
import { arePairs } from '../measure/pairs.ts';
import type { RawRun } from '../measure/raw-run.ts';
import { rawRunOf } from '../measure/run-of-result.ts';
import { METRICS, type MetricName } from '../result/metrics.ts';
import { type ExperimentResult, type PhaseName } from '../result/result.ts';
import { estimateOf } from './estimate.ts';

type RunsByVariant = ReadonlyMap<string, readonly RawRun[]>;

/** One metric in one phase, for every variant. */
export interface FigureRow {
  readonly phase: PhaseName;
  readonly metric: MetricName;
  /** In the order of the variants; `null` when it could not be measured. `Infinity`: it did not recover. */
  readonly estimates: readonly (Estimate | null)[];
  /** Difference of each further variant from the first, arrival by arrival. */
  readonly differences: readonly (Estimate | null)[];
}

function runsOf({ variants, phases }: ExperimentResult): RunsByVariant {
  return new Map(variants.map(({ name, runs }) => [name, runs.map((run) => rawRunOf(run, phases))]));
}

/** All figures of a result with 95 % intervals, and the differences from the first variant. */
export function figureRows(result: ExperimentResult): FigureRow[] {
  const runs = [...runsOf(result).values()];
  const [control, ...others] = runs as [readonly RawRun[], ...(readonly RawRun[])[]];
  const { seed } = result.provenance;
  return result.phases.flatMap((phase) =>
    METRICS.filter((metric) => metric !== 'recoveryMs' || (phase.name === 'after' && hasRecovery(result))).map(
      (metric): FigureRow => {
        if (metric === 'recoveryMs') {
          return {
            phase: phase.name,
            metric,
            estimates: result.variants.map(worstRecovery),
            differences: others.map(() => null),
          };
        }
        return {
          phase: phase.name,
          metric,
          estimates: runs.map((of) => estimateOf(metric, of, undefined, phase, { seed }) ?? null),
          differences: others.map((of) =>
            arePairs(of, control) ? (estimateOf(metric, of, control, phase, { seed }) ?? null) : null,
          ),
        };
      },
    ),
  );
}

/** Whether there is anything to recover from, or at least somebody who asks: without a fault `0 ms` would say nothing. */
function hasRecovery({ faults, loadChanges = [], phases, hypotheses }: ExperimentResult): boolean {
  const endS = phases.at(-1)?.toS ?? 0;
  return (
    [...faults, ...loadChanges].some(({ fromS, toS }) => fromS > 0 || toS < endS) ||
    hypotheses.some(({ metric }) => metric === 'recoveryMs')
  );
}

/** A run has one recovery time. The worst run counts, and not recovering is worse than any time. */
function worstRecovery({ runs }: ExperimentResult['variants'][number]): Estimate | null {
  if (runs.some(({ figures }) => figures.after.recovered === null)) return null;
  return {
    value: Math.max(...runs.map(({ figures }) => figures.after.recoveryMs ?? Number.POSITIVE_INFINITY)),
    interval: null,
  };
}
