import type { CallContext } from './call-context.ts';
import { abortError, CallError } from './call-error.ts';
import { type Clock, STALL_MS } from './clock.ts';
import type { Call } from './policy.ts';

/** The abort reason of an attempt that lost. One for all of them: nobody reads its stack, because the race keeps it to itself. */
const OUTRUN = new CallError('cancelled', 'another attempt of the call was answered first', { sent: 'perhaps' });

/** Whether an attempt with this signal was aborted because another attempt of its call was answered first. */
export function wasOutrun({ reason }: AbortSignal): boolean {
  return reason === OUTRUN;
}

/** When a further attempt begins beside those that run. One object serves every call of a policy. */
export interface RaceRules {
  readonly clock: Clock;
  /** Attempts that may run at once. */
  readonly mostAtOnce: number;
  /**
   * Whether another attempt may begin, because the newest has taken `afterMs`. Pays for it.
   * @param beganAt when the call began its first attempt in this race
   */
  mayBegin(context: CallContext, afterMs: number, beganAt: number): boolean;
  /** An attempt succeeded `tookMs` after it began. */
  onAnswered?(tookMs: number): void;
  /** The first attempt to succeed did so `tookMs` after the race began. */
  onWon?(tookMs: number): void;
}

/**
 * Runs an attempt, and begins another one beside it when it takes longer than `afterMs` and the rules allow it. Resolves with the first
 * success, once the other attempts have been aborted and have ended. Rejects with the last failure, once every attempt has failed.
 */
export function race<T>(attempt: Call<T>, context: CallContext, afterMs: number, rules: RaceRules): Promise<T> {
  const { signal, notes } = context;
  if (signal.aborted) return Promise.reject(abortError(signal));
  const { clock } = rules;
  const beganAt = clock.now();
  const controllers: AbortController[] = [];
  let pending = 0;
  let won: { readonly value: T } | undefined;
  let lastError: unknown;
  let cancelTimer = () => {};
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => {
      cancelTimer();
      for (const controller of controllers) controller.abort(abortError(signal));
    };
    /** An aborted attempt has to end first, because its place in the bulkhead is held until nothing runs any more. */
    const onEnded = () => {
      if (--pending > 0) return;
      cancelTimer();
      signal.removeEventListener('abort', onAbort);
      if (won === undefined) reject(lastError);
      else resolve(won.value);
    };
    const begin = (number: number) => {
      const controller = new AbortController();
      controllers.push(controller);
      pending++;
      const startedAt = clock.now();
      attempt({ ...context, signal: controller.signal, attempt: number }).then(
        (value) => {
          rules.onAnswered?.(clock.now() - startedAt);
          if (won === undefined) {
            won = { value };
            rules.onWon?.(clock.now() - beganAt);
            for (const other of controllers) if (other !== controller) other.abort(OUTRUN);
          }
          onEnded();
        },
        (error: unknown) => {
          // Failures are the retry policy's business: nothing begins because of one.
          if (won === undefined) lastError = error;
          onEnded();
        },
      );
      if (controllers.length < rules.mostAtOnce) wait();
    };
    const wait = () => {
      const dueAt = clock.now() + afterMs;
      cancelTimer = clock.after(afterMs, () => {
        if (won !== undefined || signal.aborted) return;
        // This process was stalled, so the attempt has not had its time.
        if (clock.now() - dueAt >= STALL_MS) wait();
        else if (mayBeginAnother(context) && rules.mayBegin(context, afterMs, beganAt)) begin(++notes.attempts);
      });
    };
    signal.addEventListener('abort', onAbort, { once: true });
    begin(context.attempt);
  });
}

/** Attempts of a race and retries share one limit. */
function mayBeginAnother({ notes }: CallContext): boolean {
  return notes.attempts < (notes.attemptsAllowed ?? Number.POSITIVE_INFINITY);
}
