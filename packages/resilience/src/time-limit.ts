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
  return new Promise<T>((resolve, reject) => {
    const run = new LimitedRun(limit, outer, reject);
    const { signal } = run;
    next({ ...context, signal }).then(
      (value) => {
        run.release();
        // Late success is still late: the call was reported, or will be counted, as out of time.
        if (signal.aborted) reject(abortError(signal));
        else {
          if (limit.clock.now() > run.dueAt) context.notes.stalledAttempt = context.attempt;
          resolve(value);
        }
      },
      (error: unknown) => {
        run.release();
        reject(signal.aborted ? abortError(signal) : error);
      },
    );
  });
}

/** One run under a limit. It listens to the outer signal itself: every call passes here twice, and closures would cost it more. */
class LimitedRun {
  readonly dueAt: number;
  readonly #limit: TimeLimit;
  readonly #outer: AbortSignal;
  readonly #reject: (reason: CallError) => void;
  readonly #controller = new AbortController();
  readonly #cancelTimer: () => void;

  constructor(limit: TimeLimit, outer: AbortSignal, reject: (reason: CallError) => void) {
    const { clock, limitMs } = limit;
    this.dueAt = clock.now() + limitMs;
    this.#limit = limit;
    this.#outer = outer;
    this.#reject = reject;
    this.#cancelTimer = clock.after(limitMs, () => {
      this.#stop(limit.onTimeUp(clock.now() - this.dueAt >= STALL_MS));
    });
    outer.addEventListener('abort', this);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The outer signal has aborted. */
  handleEvent(): void {
    this.#stop(abortError(this.#outer));
  }

  #stop(reason: CallError): void {
    this.release();
    if (this.#limit.settle === 'at_once') this.#reject(reason);
    this.#controller.abort(reason);
  }

  release(): void {
    this.#cancelTimer();
    // A listener left behind on a long-lived signal is a leak per call.
    this.#outer.removeEventListener('abort', this);
  }
}
