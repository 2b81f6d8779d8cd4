import type { CallContext } from './call-context.ts';
import { abortError, CallError } from './call-error.ts';
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
 * limit, because only a timer that could not fire lets it through. A stall in the middle shows in a look every 100 ms. It counts if it
 * took half of the limit: the downstream had no fair chance then. The error and `notes.stalledAttempt` say so.
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
          const now = limit.clock.now();
          if (now > run.dueAt || run.wasStalled(now)) context.notes.stalledAttempt = context.attempt;
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

/** How often a run looks whether this process was stalled. Most runs end before the first time. */
const LOOK_EVERY_MS = 100;
/** A stall of this share of the limit leaves no fair chance to whoever is called. */
const STALLED_SHARE = 0.5;

/** @returns how long this process was stalled, if a timer is so late */
const stallOf = (lateMs: number) => (lateMs >= STALL_MS ? lateMs : 0);

/** One run under a limit. It listens to the outer signal itself: every call passes here twice, and closures would cost it more. */
class LimitedRun {
  readonly dueAt: number;
  readonly #limit: TimeLimit;
  readonly #outer: AbortSignal;
  readonly #reject: (reason: CallError) => void;
  readonly #controller = new AbortController();
  /** When the timer that runs now is due. */
  #lookAt = 0;
  /** What the timers so far were late by, if it was so much that this process must have been stalled. */
  #stalledMs = 0;
  #cancelTimer: () => void = () => undefined;

  constructor(limit: TimeLimit, outer: AbortSignal, reject: (reason: CallError) => void) {
    const { clock, limitMs } = limit;
    const now = clock.now();
    this.dueAt = now + limitMs;
    this.#limit = limit;
    this.#outer = outer;
    this.#reject = reject;
    this.#wait(now);
    outer.addEventListener('abort', this);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The outer signal has aborted. */
  handleEvent(): void {
    const reason = abortError(this.#outer);
    // A deadline from outside, of the service for example, does not know of stalls.
    const isOwnStall = reason.code === 'deadline_exceeded' && this.wasStalled(this.#limit.clock.now());
    this.#stop(isOwnStall ? new CallError(reason.code, reason.message, { sent: reason.sent, ownStall: true }) : reason);
  }

  #wait(now: number): void {
    const { clock } = this.#limit;
    this.#lookAt = Math.min(this.dueAt, now + LOOK_EVERY_MS);
    this.#cancelTimer = clock.after(this.#lookAt - now, () => this.#look(clock.now()));
  }

  #look(now: number): void {
    if (now >= this.dueAt) {
      this.#stop(this.#limit.onTimeUp(this.wasStalled(now)));
      return;
    }
    this.#stalledMs += stallOf(now - this.#lookAt);
    this.#wait(now);
  }

  /** Whether a stall of this process, not the work below, has used up the time. */
  wasStalled(now: number): boolean {
    const stalledMs = this.#stalledMs + stallOf(now - this.#lookAt);
    return now - this.dueAt >= STALL_MS || stalledMs >= this.#limit.limitMs * STALLED_SHARE;
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
