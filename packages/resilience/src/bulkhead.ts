import { abortError, CallError } from './call-error.ts';
import { type PolicyListener, tell } from './events.ts';
import type { CallContext, Policy } from './policy.ts';

export interface BulkheadOptions {
  /** Calls in progress at once. */
  readonly maxInFlight: number;
  /** Calls that may wait for a place; one more is refused at once. */
  readonly maxQueued: number;
  readonly onEvent: PolicyListener;
}

export interface Bulkhead {
  readonly policy: Policy;
  readonly inFlight: number;
  readonly queued: number;
  readonly maxInFlight: number;
}

/** A place is asked for again after about this long: the queue is short, so it moves or the calls in it end. */
const RETRY_AFTER_MS = 1_000;

/**
 * Bounds the calls in progress to one downstream, so that a slow one cannot take every socket and every byte of the
 * process. First come, first served. A place is freed when the work has ended, not when somebody stopped waiting.
 * @throws CallError `overloaded`, sent `never`
 */
export function createBulkhead({ maxInFlight, maxQueued, onEvent }: BulkheadOptions): Bulkhead {
  let inFlight = 0;
  // A Set keeps the order of arrival and lets a caller who leaves step out of the middle in constant time.
  const queue = new Set<() => void>();

  const enter = (context: CallContext): Promise<void> | undefined => {
    const { signal, watch } = context;
    if (signal.aborted) throw abortError(signal);
    if (inFlight < maxInFlight) {
      inFlight++;
      return undefined;
    }
    if (queue.size >= maxQueued) {
      tell({ type: 'rejected', code: 'overloaded' }, onEvent, context);
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
      // The place is handed over, never free in between: a newcomer cannot overtake the queue.
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
