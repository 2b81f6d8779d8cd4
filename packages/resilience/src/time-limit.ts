import type { CallContext } from './call-context.ts';
import { abortError, type CallError } from './call-error.ts';
import { type Clock, STALL_MS } from './clock.ts';
import type { Call } from './policy.ts';

export interface TimeLimit {
  readonly clock: Clock;
  readonly limitMs: number;
  /**
   * The error with which the work below is aborted, and which the caller gets, when the time is up.
   * @param ownStall whether the timer fired so late that this process must have been stalled
   */
  readonly onTimeUp: (ownStall: boolean) => CallError;
  /**
   * When the caller gets that error. `at_once`: without trusting anything below to react to the abort. `when_ended`: after the aborted
   * work has really ended, so that bulkhead and breaker count the truth.
   */
  readonly settle: 'at_once' | 'when_ended';
}

/**
 * Runs `next` under a time limit. Aborts it when the time is up or the caller leaves: racing a timer without aborting would leave the
 * work running for nobody. Both the deadline and the attempt timeout are made of this.
 *
 * A stall of this process is not the downstream's failure. It shows in a timer that fires late, and in a success that arrives after the
 * limit, because only a timer that could not fire lets it through. The error and `notes.stalledAttempt` say so.
 */
export function withTimeLimit<T>(limit: TimeLimit, next: Call<T>, context: CallContext): Promise<T> {
  const { signal: outer } = context;
  if (outer.aborted) return Promise.reject(abortError(outer));
  const controller = new AbortController();
  const { clock, limitMs } = limit;
  const dueAt = clock.now() + limitMs;
  return new Promise<T>((resolve, reject) => {
    const stop = (reason: CallError) => {
      release();
      if (limit.settle === 'at_once') reject(reason);
      controller.abort(reason);
    };
    const onOuterAbort = () => stop(abortError(outer));
    const cancelTimer = clock.after(limitMs, () => stop(limit.onTimeUp(clock.now() - dueAt >= STALL_MS)));
    outer.addEventListener('abort', onOuterAbort, { once: true });
    const release = () => {
      cancelTimer();
      // A listener left behind on a long-lived signal is a leak per call.
      outer.removeEventListener('abort', onOuterAbort);
    };
    const { signal } = controller;
    next({ ...context, signal }).then(
      (value) => {
        release();
        // Late success is still late: the call was reported, or will be counted, as out of time.
        if (signal.aborted) reject(abortError(signal));
        else {
          if (clock.now() > dueAt) context.notes.stalledAttempt = context.attempt;
          resolve(value);
        }
      },
      (error: unknown) => {
        release();
        reject(signal.aborted ? abortError(signal) : error);
      },
    );
  });
}
