import { PHASES, type PhaseName } from '../result/result.ts';

export interface Phase {
  readonly name: PhaseName;
  readonly fromS: number;
  readonly toS: number;
}

/** The phases on the time axis. It starts with `before`; the warm-up lies at negative times. */
export function phasesOf(load: {
  readonly beforeS: number;
  readonly duringS: number;
  readonly afterS: number;
}): Phase[] {
  const lengths = { before: load.beforeS, during: load.duringS, after: load.afterS };
  let toS = 0;
  return PHASES.map((name) => {
    const fromS = toS;
    toS += lengths[name];
    return { name, fromS, toS };
  });
}

/** When the measurement ends, in seconds on the time axis. */
export function endOf(phases: readonly Phase[]): number {
  return phases.at(-1)?.toS ?? 0;
}

/** When a fault is in force, in seconds on the time axis. */
export interface Span {
  readonly fromS: number;
  readonly toS: number;
}

/** The span of a fault; `phase: all` begins before the warm-up. */
export function spanOf(
  when: {
    readonly phase?: PhaseName | 'all' | undefined;
    readonly atS?: number | undefined;
    readonly untilS?: number | undefined;
  },
  phases: readonly Phase[],
): Span {
  const endS = endOf(phases);
  if (when.phase === 'all') return { fromS: Number.NEGATIVE_INFINITY, toS: endS };
  if (when.atS !== undefined) return { fromS: when.atS, toS: when.untilS ?? endS };
  const { fromS, toS } = phases.find(({ name }) => name === (when.phase ?? 'during')) ?? { fromS: 0, toS: 0 };
  return { fromS, toS };
}
