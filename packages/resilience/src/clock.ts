import { abortError } from './call-error.ts';

/** Time, as a policy sees it. Injected, so that the same policy runs in a process, in a unit test that never sleeps, and in a simulation. */
export interface Clock {
  /** Milliseconds on a clock that never goes back. Its zero point has no meaning. */
  now(): number;
  /** Calls `callback` once, after `delayMs`. @returns cancels that */
  after(delayMs: number, callback: () => void): () => void;
}

/** Chance, as a policy sees it: uniform in [0, 1). */
export type Random = () => number;

/** `setTimeout` takes a signed 32-bit delay and fires at once beyond it: a Retry-After of 30 days would mean no delay at all. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** A timer that fires this late shows that this process was stalled (stopped, or blocked). The peer may have answered in time. */
export const STALL_MS = 100;

/** The clock of the process: monotonic, so that changes of the wall clock do not matter. A timer fires after one turn of I/O. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(delayMs, callback) {
    let turn: NodeJS.Immediate | undefined;
    const timer = setTimeout(
      () => {
        // After a stall of this process, timers run before what arrived meanwhile has been read. An answer that is here in time counts.
        turn = setImmediate(callback);
      },
      Math.min(delayMs, MAX_TIMER_MS),
    );
    return () => {
      clearTimeout(timer);
      clearImmediate(turn);
    };
  },
};

/**
 * Resolves after `delayMs`, or rejects as soon as `signal` aborts, whichever is first.
 * @throws CallError the abort's reason
 */
export function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(abortError(signal));
      return;
    }
    const onAbort = () => {
      cancel();
      reject(abortError(signal));
    };
    const cancel = clock.after(delayMs, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
