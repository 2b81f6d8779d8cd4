import type { Load } from '../experiment/format.ts';
import type { PhaseName } from '../result/result.ts';
import type { Reasons } from './reasons.ts';

/** Messages from the runner to the process that generates the load. */
export type ToGenerator =
  | { readonly type: 'prepare'; readonly url: string; readonly load: Load; readonly seed: number }
  /** @property zeroAtMs when `before` begins, on the clock of {@link monotonicMs} */
  | { readonly type: 'start'; readonly zeroAtMs: number }
  /** Sends no further request; those in flight are given up. */
  | { readonly type: 'stop' };

/** Messages from that process to the runner. */
export type FromGenerator =
  | { readonly type: 'ready' }
  | ({ readonly type: 'progress' } & Progress)
  | ({ readonly type: 'done' } & Measured);

/** The first of a kind of answers that were not as expected. */
export interface AnswerSample {
  /** `GET /hello: status 200 with another body than expected`. */
  readonly kind: string;
  /** What was expected, and what came. */
  readonly first: string;
  readonly count: number;
}

/** Progress of the load. */
export interface Progress {
  /** Seconds on the time axis. */
  readonly atS: number;
  readonly inFlight: number;
  /** Waiting time of the oldest request in flight; 0 when there is none. */
  readonly longestWaitMs: number;
  /** The last five seconds, warm-up included. */
  readonly recent: {
    readonly answered: number;
    readonly success: number;
    /** `failed` and `wrong`. */
    readonly bad: number;
    /** Why these did not succeed. */
    readonly whyBad: Reasons;
    readonly seconds: number;
    readonly p99Ms: number | null;
  };
  /** `slowestMs` is the slowest success. */
  readonly phases: Readonly<
    Record<PhaseName, { readonly answered: number; readonly success: number; readonly slowestMs: number }>
  >;
  /** Why requests of `before` did not succeed. */
  readonly whyNot: Reasons;
  /** Since `before` began. */
  readonly latenessP99Ms: number;
}

/** Each entry of an array is one arrival of the measured phases. */
export interface Measured {
  readonly dueMs: Float64Array;
  /** Index into `OUTCOMES`. */
  readonly outcome: Uint8Array;
  readonly tookMs: Float64Array;
  /** How late each request was sent. */
  readonly latenessMs: Float64Array;
  /** Index of the first measured arrival; earlier ones were the warm-up. */
  readonly firstIndex: number;
  /** Whether the run was stopped early. */
  readonly stopped: boolean;
  /** How many requests were in flight at that moment: they have no answer and count as failed. */
  readonly givenUp: number;
  /** Why requests of `before` did not succeed. */
  readonly whyNot: Reasons;
  /** Answers with the right status and a wrong body, of all phases; and those with another status that came before anything was broken. */
  readonly samples: readonly AnswerSample[];
}
