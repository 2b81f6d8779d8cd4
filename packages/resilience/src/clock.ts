import { abortError } from './call-error.ts';

/**
 * Time, as a policy sees it. Injected, so that the same policies run in a process, in a unit test that never sleeps,
 * and in a simulation.
 */
export interface Clock {
  /** Milliseconds on a clock that never goes back. The zero point means nothing. */
  now(): number;
  /** Calls `callback` once after `delayMs`; the returned function takes that back. */
  after(delayMs: number, callback: () => void): () => void;
}

/** Chance, as a policy sees it: uniform in [0, 1). */
export type Random = () => number;

/** `setTimeout` takes a signed 32-bit delay and fires at once beyond it (axios-retry met this with a 30-day Retry-After). */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The clock of the process: monotonic, blind to changes of the wall clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(delayMs, MAX_TIMER_MS));
    return () => clearTimeout(timer);
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
