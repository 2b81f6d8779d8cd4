import type { CallErrorCode } from './call-error.ts';
import type { Verdict } from './outcome.ts';

export type BreakerState = 'closed' | 'open' | 'half_open';

/**
 * Why the retry ratio changed. It rises if `retries_succeed`. It falls if the `trouble_is_over`, or because the downstream
 * `asked_for_less`, an attempt was `slow`, answers are `slower_than_usual`, or `retries_fail` or `retries_do_harm`.
 */
export type RatioChange =
  | 'retries_succeed'
  | 'trouble_is_over'
  | 'asked_for_less'
  | 'slow'
  | 'slower_than_usual'
  | 'retries_fail'
  | 'retries_do_harm';

/** What the policies of one downstream report: enough for metrics and logs, without depending on either. */
export type PolicyEvent =
  /** A retry will start after `delayMs`. */
  | { readonly type: 'retry'; readonly reason: CallErrorCode; readonly attempt: number; readonly delayMs: number }
  /** Another attempt began beside one that had already taken `afterMs`. */
  | { readonly type: 'hedge'; readonly afterMs: number }
  /** An attempt has taken too long, and goes on. Its breaker counts it as a failure until it is answered. */
  | { readonly type: 'late'; readonly attempt: number }
  /** A call has waited for an endpoint to come back. `refused`: none did in time. */
  | { readonly type: 'waited'; readonly outcome: 'admitted' | 'refused'; readonly waitedMs: number }
  /** Each success now earns this many retries. */
  | { readonly type: 'retry_ratio'; readonly ratio: number; readonly because: RatioChange }
  /** A policy refused to send the call, or to retry it. */
  | {
      readonly type: 'rejected';
      readonly code: 'overloaded' | 'deadline_exceeded' | 'breaker_open' | 'budget_exhausted';
    }
  | { readonly type: 'breaker_transition'; readonly from: BreakerState; readonly to: BreakerState }
  /** The balancer ejected an endpoint for `forMs`: it fails far more of its calls than the other endpoints do. */
  | {
      readonly type: 'ejection';
      readonly endpoint: string;
      readonly forMs: number;
      readonly outcomes: number;
      readonly failures: number;
    };

/** Called synchronously on the path of the call: keep it cheap and never throw. */
export type PolicyListener = (event: PolicyEvent) => void;

/** What happens to one call, for whoever watches it: its trace, its explanation. */
export type CallEvent =
  | PolicyEvent
  | {
      readonly type: 'call_started';
      readonly downstream: string;
      readonly operation: string;
      readonly retryBudgetRemaining: number;
    }
  /** `error` is `undefined` when the caller got an answer. That may be a stale one that replaces the failure `staleBecause`. */
  | {
      readonly type: 'call_ended';
      readonly downstream: string;
      readonly error: CallErrorCode | undefined;
      readonly staleBecause: CallErrorCode | undefined;
      readonly retryBudgetRemaining: number;
    }
  /** The call waits for a place in the bulkhead. `admitted` follows once it has one. */
  | { readonly type: 'queued' }
  | { readonly type: 'admitted' }
  /** No endpoint admits the call, and it waits for one. `waited` follows, unless the caller leaves. */
  | { readonly type: 'waiting' }
  /** The call shares the answer of an identical call that was already in flight. */
  | { readonly type: 'shared' }
  /** A breaker let the attempt through in this state. If it was half-open, the attempt is the probe. */
  | { readonly type: 'breaker_admitted'; readonly attempt: number; readonly state: BreakerState }
  /** How a breaker judged the attempt. */
  | { readonly type: 'breaker_verdict'; readonly attempt: number; readonly verdict: Verdict }
  | { readonly type: 'attempt_started'; readonly attempt: number; readonly endpoint: string }
  /** An HTTP answer arrived, good or bad. `fault` is the fault that the downstream says it injected. */
  | { readonly type: 'answered'; readonly attempt: number; readonly status: number; readonly fault: string | undefined }
  /** `error` is `undefined` when the attempt succeeded. */
  | { readonly type: 'attempt_ended'; readonly attempt: number; readonly error: CallErrorCode | undefined };

/** Called synchronously on the path of the call: keep it cheap and never throw. */
export type CallWatcher = (event: CallEvent) => void;

/** Reports an event of one call both to the downstream's listener and to whoever watches the call. */
export function tell(event: PolicyEvent, onEvent: PolicyListener, watch: CallWatcher | undefined): void {
  onEvent(event);
  watch?.(event);
}

/** The default listener: ignores every event. */
export const ignoreEvents: PolicyListener = () => undefined;
