import type { CallErrorCode } from './call-error.ts';

export type BreakerState = 'closed' | 'open' | 'half_open';

/** What the policies of one downstream tell the outside: enough for metrics and logs, without depending on either. */
export type PolicyEvent =
  /** A retry will start after `delayMs`. */
  | { readonly type: 'retry'; readonly reason: CallErrorCode; readonly attempt: number; readonly delayMs: number }
  /** A second attempt was begun because the first had taken `afterMs`. */
  | { readonly type: 'hedge'; readonly afterMs: number }
  /** A policy refused to send (or to send again). */
  | { readonly type: 'rejected'; readonly code: 'overloaded' | 'breaker_open' | 'budget_exhausted' }
  | { readonly type: 'breaker_transition'; readonly from: BreakerState; readonly to: BreakerState }
  /** An endpoint is left out for `forMs`: of its last `outcomes` far more were failures than of the others'. */
  | {
      readonly type: 'ejection';
      readonly endpoint: string;
      readonly forMs: number;
      readonly outcomes: number;
      readonly failures: number;
    };

/** Called synchronously, on the way of the call: keep it cheap, never throw. */
export type PolicyListener = (event: PolicyEvent) => void;
