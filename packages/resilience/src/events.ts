import type { CallErrorCode } from './call-error.ts';
import type { CallContext } from './policy.ts';

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

/** What one outcome says about the other side. `neutral` outcomes say nothing about it. */
export type Verdict = 'success' | 'failure' | 'neutral';

/** What happens to one call, for whoever watches that call: its trace, its explanation. */
export type CallEvent =
  | PolicyEvent
  | {
      readonly type: 'call_started';
      readonly downstream: string;
      readonly operation: string;
      readonly retryBudgetRemaining: number;
    }
  /** `error`: `undefined` where the caller got an answer, though perhaps an old one in place of the failure `staleBecause`. */
  | {
      readonly type: 'call_ended';
      readonly downstream: string;
      readonly error: CallErrorCode | undefined;
      readonly staleBecause: CallErrorCode | undefined;
      readonly retryBudgetRemaining: number;
    }
  /** The call waits for a place in the bulkhead; `admitted` once it has one. */
  | { readonly type: 'queued' }
  | { readonly type: 'admitted' }
  /** The call is answered together with an identical one that was on its way. */
  | { readonly type: 'shared' }
  /** A breaker let the attempt through, in this state: half-open, it is the probe. */
  | { readonly type: 'breaker_admitted'; readonly attempt: number; readonly state: BreakerState }
  /** How a breaker judged the attempt. */
  | { readonly type: 'breaker_verdict'; readonly attempt: number; readonly verdict: Verdict }
  | { readonly type: 'attempt_started'; readonly attempt: number; readonly endpoint: string }
  /** An HTTP answer has come, be it good or bad. `fault`: the one that the other side says it has injected. */
  | { readonly type: 'answered'; readonly attempt: number; readonly status: number; readonly fault: string | undefined }
  /** `error`: `undefined` where it succeeded. */
  | { readonly type: 'attempt_ended'; readonly attempt: number; readonly error: CallErrorCode | undefined };

/** Called synchronously, on the way of the call: keep it cheap, never throw. */
export type CallWatcher = (event: CallEvent) => void;

/** Tells what concerns the downstream as well as this one call to both. */
export function tell(event: PolicyEvent, onEvent: PolicyListener, { watch }: CallContext): void {
  onEvent(event);
  watch?.(event);
}
