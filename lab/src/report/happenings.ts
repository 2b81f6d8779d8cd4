import type { ExperimentResult, RunResult } from '../result/result.ts';

export interface Happening {
  readonly label: string;
  readonly fromS: number;
  readonly toS: number;
  /** Whether it holds all the time: a condition of the experiment, and not an event. */
  readonly throughout: boolean;
}

/** A smaller deviation is not visible in a picture. Applying and undoing a fault takes a request, which takes time. */
const AS_GOOD_AS_ON_TIME_S = 0.1;

/**
 * The result as this run saw it: faults at the times when they were really active, if those differ visibly from the
 * plan.
 */
export function asItWas<Result extends Pick<ExperimentResult, 'faults'>>(
  result: Result,
  run: RunResult | undefined,
): Result {
  const faults = result.faults.map((fault, index) => {
    const was = run?.faults[index];
    if (was == null) return fault;
    const shown = (plannedS: number, wasS: number) =>
      Math.abs(wasS - plannedS) > AS_GOOD_AS_ON_TIME_S ? wasS : plannedS;
    return { ...fault, fromS: shown(fault.fromS, was.fromS), toS: shown(fault.toS, was.toS) };
  });
  return { ...result, faults };
}

/** What was done to the system: faults and changes of load. */
export function happeningsOf({ faults, loadChanges = [], phases }: ExperimentResult): Happening[] {
  const endS = phases.at(-1)?.toS ?? 0;
  return [...loadChanges, ...faults].map(({ label, fromS, toS }) => ({
    label,
    fromS,
    toS,
    throughout: fromS <= 0 && toS >= endS,
  }));
}
