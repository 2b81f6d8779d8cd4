import { HttpProblem } from './http-problem.ts';
import { requireWhole } from './option-ranges.ts';

export interface AdmissionOptions {
  /** Requests in progress at the same time, at least 1. */
  readonly maxInProgress: number;
  /** Requests that may wait for a place, at least 0. */
  readonly maxQueued: number;
}

export interface Admission {
  /**
   * Calls exactly one of two callbacks: `start` as soon as a place is free (possibly before `enter` returns), or
   * `refuse` when the queue is full and this request is the oldest in it. If `signal` aborts first, nobody waits for the
   * answer any more: the request leaves the queue and neither is called.
   */
  enter(signal: AbortSignal, start: () => void, refuse: (problem: HttpProblem) => void): void;
  /** Frees the place of one started request. Call it once per `start`, when the work has ended. */
  leave(): void;
  /** Requests that were started and have not left. */
  readonly inProgress: number;
  /** Requests that wait for a place. */
  readonly queued: number;
}

/** A full queue is processed in this time, and a caller can still afford to wait for it. */
const RETRY_AFTER_MS = 1_000;

/**
 * Bounds the work that a service accepts. Without a bound, an overloaded service works a little on every request,
 * answers all of them too late, and stays down after the load is gone: the caller that has waited longest has usually
 * given up. So the newest request is started first (adaptive LIFO: B. Maurer, "Fail at Scale", ACM Queue 2015), the
 * oldest is refused when the queue is full, and a request whose signal has aborted is never started.
 * @throws RangeError if `maxInProgress` is not a whole number of at least 1, or `maxQueued` not one of at least 0
 */
export function createAdmission({ maxInProgress, maxQueued }: AdmissionOptions): Admission {
  requireWhole('maxInProgress', maxInProgress, 1);
  requireWhole('maxQueued', maxQueued, 0);
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
      // The place is passed on directly: if it were freed first, an arriving request could take it and overtake the queue.
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
