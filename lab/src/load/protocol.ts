import type { Load } from '../experiment/format.ts';
import type { PhaseName } from '../result/result.ts';

/** What the runner says to the process that makes the load. */
export type ToGenerator =
  | { readonly type: 'prepare'; readonly url: string; readonly load: Load; readonly seed: number }
  /** @property zeroAtMs when `before` begins, on the clock of {@link monotonicMs} */
  | { readonly type: 'start'; readonly zeroAtMs: number }
  /** No further requests; those in flight are given up. */
  | { readonly type: 'stop' };

/** What that process says to the runner. */
export type FromGenerator =
  | { readonly type: 'ready' }
  | ({ readonly type: 'progress' } & Progress)
  | ({ readonly type: 'done' } & Measured);

/** Why requests of `before` did not succeed, and how many for each; the most frequent first. */
export type Reasons = readonly (readonly [reason: string, count: number])[];

/** How the load is going. */
export interface Progress {
  /** Seconds on the time axis. */
  readonly atS: number;
  readonly inFlight: number;
  /** How long the one has waited that has waited longest; 0 where nobody waits. */
  readonly longestWaitMs: number;
  /** Of the last five seconds; the warm-up included. */
  readonly recent: {
    readonly answered: number;
    readonly success: number;
    /** `failed` and `wrong`. */
    readonly bad: number;
    readonly seconds: number;
    readonly p99Ms: number | null;
  };
  /** `slowestMs` is of the successes. */
  readonly phases: Readonly<
    Record<PhaseName, { readonly answered: number; readonly success: number; readonly slowestMs: number }>
  >;
  readonly whyNot: Reasons;
  /** Since `before` began. */
  readonly latenessP99Ms: number;
}

/** One entry an arrival of the measured phases. */
export interface Measured {
  readonly dueMs: Float64Array;
  /** Index into `OUTCOMES`. */
  readonly outcome: Uint8Array;
  readonly tookMs: Float64Array;
  /** How late each was sent. */
  readonly latenessMs: Float64Array;
  /** The number of the first measured arrival: those before it were the warm-up. */
  readonly firstIndex: number;
  /** Whether it was told to stop before the end. */
  readonly stopped: boolean;
  /** How many were then in flight: they had no answer, and count as failed. */
  readonly givenUp: number;
  readonly whyNot: Reasons;
}
