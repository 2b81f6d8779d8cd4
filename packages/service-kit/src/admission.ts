import { HttpProblem } from './http-problem.ts';

export interface AdmissionOptions {
  /** Requests that are worked on at once. */
  readonly maxInProgress: number;
  /** Requests that may wait to be worked on. */
  readonly maxQueued: number;
}

export interface Admission {
  /**
   * Calls `start` once there is a place, perhaps at once; or `refuse`, when there is none or newer requests have taken
   * it. Neither, when `signal` aborts before: then nobody waits any more, and the work is dropped unstarted.
   */
  enter(signal: AbortSignal, start: () => void, refuse: (problem: HttpProblem) => void): void;
  /** The work of one request that was started has ended. */
  leave(): void;
  readonly inProgress: number;
  readonly queued: number;
}

/** Long enough for a full queue to be worked off, short enough to be worth waiting for. */
const RETRY_AFTER_MS = 1_000;

/**
 * Bounds the work a service takes on. Without it an overloaded service works on everything a little, answers everything
 * too late, and stays dead after the load has gone: what waits longest is what nobody waits for any more. So the newest
 * waits shortest (adaptive LIFO: B. Maurer, "Fail at Scale", ACM Queue 2015), the oldest is refused when the queue is
 * full, and what has expired is never begun.
 */
export function createAdmission({ maxInProgress, maxQueued }: AdmissionOptions): Admission {
  let inProgress = 0;
  /** In order of arrival. */
  const queue: Waiting[] = [];

  const refusal = () =>
    new HttpProblem('overloaded', `${maxInProgress} requests in progress and ${maxQueued} waiting: no place left`, {
      retryAfterMs: RETRY_AFTER_MS,
    });

  return {
    enter(signal, start, refuse) {
      if (inProgress < maxInProgress) {
        inProgress++;
        start();
        return;
      }
      const waiting: Waiting = {
        start: () => {
          signal.removeEventListener('abort', leaveQueue);
          start();
        },
        refuse: () => {
          signal.removeEventListener('abort', leaveQueue);
          refuse(refusal());
        },
      };
      const leaveQueue = () => {
        const at = queue.indexOf(waiting);
        if (at >= 0) queue.splice(at, 1);
      };
      signal.addEventListener('abort', leaveQueue, { once: true });
      queue.push(waiting);
      if (queue.length > maxQueued) queue.shift()?.refuse();
    },
    leave() {
      const newest = queue.pop();
      // The place is handed over, never free in between.
      if (newest === undefined) inProgress--;
      else newest.start();
    },
    get inProgress() {
      return inProgress;
    },
    get queued() {
      return queue.length;
    },
  };
}

interface Waiting {
  readonly start: () => void;
  readonly refuse: () => void;
}
