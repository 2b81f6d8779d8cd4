import type { ExperimentResult } from '../result.ts';

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
