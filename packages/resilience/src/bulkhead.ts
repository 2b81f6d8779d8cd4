import type { CallContext } from './call-context.ts';
import { abortError, CallError } from './call-error.ts';
import { DEFAULTS } from './defaults.ts';
import { ignoreEvents, type PolicyListener, tell } from './events.ts';
import { checkCount } from './options.ts';
import type { Policy } from './policy.ts';

export interface BulkheadOptions {
  /** Calls in flight at once, at least 1. Default 128. */
  readonly maxInFlight?: number;
  /** Calls that may wait for a place. One more is refused at once. Default 64. */
  readonly maxQueued?: number;
  /** Called at each refusal. Default: nobody. */
  readonly onEvent?: PolicyListener;
}

export interface Bulkhead {
  readonly policy: Policy;
  readonly inFlight: number;
  readonly queued: number;
  readonly maxInFlight: number;
}

/** When to try again: by then the short queue has moved, or the calls in it have ended. */
const RETRY_AFTER_MS = 1_000;

/**
 * Bounds the calls in flight to one downstream, so that a slow one cannot take every socket and all memory of the process. First
 * come, first served. A place is freed when the work has ended, not when somebody stops waiting.
 * @throws RangeError for an option out of range
 * @throws CallError (from the policy) `overloaded`, sent `never`
 */
export function createBulkhead(options: BulkheadOptions = {}): Bulkhead {
  const { maxInFlight = DEFAULTS.maxInFlight, maxQueued = DEFAULTS.maxQueued, onEvent = ignoreEvents } = options;
  // With no place at all, every call would wait in the queue for ever.
  checkCount('maxInFlight', maxInFlight, { min: 1 });
  checkCount('maxQueued', maxQueued);
  let inFlight = 0;
  // A Set keeps the order of arrival and lets a waiting caller leave from the middle in constant time.
  const queue = new Set<() => void>();

  const enter = (context: CallContext): Promise<void> | undefined => {
    const { signal, watch } = context;
    if (signal.aborted) throw abortError(signal);
    if (inFlight < maxInFlight) {
      inFlight++;
      return undefined;
    }
    if (queue.size >= maxQueued) {
      tell({ type: 'rejected', code: 'overloaded' }, onEvent, watch);
      throw new CallError('overloaded', `${inFlight} calls in flight and ${queue.size} waiting: no place left`, {
        retryAfterMs: RETRY_AFTER_MS,
      });
    }
    watch?.({ type: 'queued' });
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        queue.delete(admit);
        reject(abortError(signal));
      };
      const admit = () => {
        signal.removeEventListener('abort', onAbort);
        watch?.({ type: 'admitted' });
        resolve();
      };
      queue.add(admit);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  };

  const leave = () => {
    const [admitNext] = queue;
    if (admitNext === undefined) {
      inFlight--;
    } else {
      // The place is handed over and never free in between, so a newcomer cannot overtake the queue.
      queue.delete(admitNext);
      admitNext();
    }
  };

  return {
    policy: (next) => async (context) => {
      const wait = enter(context);
      if (wait !== undefined) await wait;
      try {
        return await next(context);
      } finally {
        leave();
      }
    },
    get inFlight() {
      return inFlight;
    },
    get queued() {
      return queue.size;
    },
    maxInFlight,
  };
}
