import type { ExperimentResult, RunResult } from '../result/result.ts';

export interface Happening {
  readonly label: string;
  readonly fromS: number;
  readonly toS: number;
  /** Whether it holds all the time: a condition that the experiment is made under, and no event. */
  readonly throughout: boolean;
}

/** `4 to 12 s`; to the millisecond, so that no rounding of the machine is read as a time. */
export function spanText({ fromS, toS }: { readonly fromS: number; readonly toS: number }): string {
  return `${Number(fromS.toFixed(3))} to ${Number(toS.toFixed(3))} s`;
}

/** Less than this is not to be seen in a picture; a fault is put in force and taken back by a request, which takes its time. */
const AS_GOOD_AS_ON_TIME_S = 0.1;

/** The result as it was for this run: its faults when they really were in force, where that was not when they were meant to be. */
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

/** What was done to the system, faults and load. */
export function happeningsOf({ faults, loadChanges = [], phases }: ExperimentResult): Happening[] {
  const endS = phases.at(-1)?.toS ?? 0;
  return [...loadChanges, ...faults].map(({ label, fromS, toS }) => ({
    label,
    fromS,
    toS,
    throughout: fromS <= 0 && toS >= endS,
  }));
}
