import { createAdaptiveLimit } from './adaptive-limit.ts';
import type { CallContext } from './call-context.ts';
import { abortError, CallError } from './call-error.ts';
import { type Clock, systemClock } from './clock.ts';
import { DEFAULTS } from './defaults.ts';
import { ignoreEvents, type PolicyListener, tell } from './events.ts';
import { loadSensor } from './load-sensor.ts';
import { checkCount, checkMs } from './options.ts';
import { none, type Policy } from './policy.ts';

export interface BulkheadOptions {
  /** Calls in flight at once, at least 1. Default 128. */
  readonly maxInFlight?: number;
  /** Calls that may wait for a place. One more is refused at once. Default 64. */
  readonly maxQueued?: number;
  /** Whether the limit follows what the downstream can do, with `maxInFlight` as the most. Needs `attempts` in the stack. Default false. */
  readonly adaptiveLimit?: boolean;
  /**
   * Whether an attempt that was aborted after it was sent takes a place for half an attempt timeout more, because the downstream may
   * still be working on it. Needs `attempts` in the stack. Default false.
   */
  readonly countAbandoned?: boolean;
  /** The longest that one attempt can last, in milliseconds. Default 500. */
  readonly attemptTimeoutMs?: number;
  /** Default: the process's clock. */
  readonly clock?: Clock;
  /** Called at each refusal. Default: nobody. */
  readonly onEvent?: PolicyListener;
}

export interface Bulkhead {
  /** Gives each call a place, or refuses it. */
  readonly policy: Policy;
  /** Watches each attempt, for the adaptive limit and abandoned work. Innermost. `none` if both are off. */
  readonly attempts: Policy;
  readonly inFlight: number;
  readonly queued: number;
  readonly maxInFlight: number;
  /** Calls that may be in flight now: `maxInFlight`, or what the adaptive limit allows. */
  readonly limit: number;
  /** Places taken by abandoned attempts. */
  readonly abandoned: number;
}

/** When to try again: by then the short queue has moved, or the calls in it have ended. */
const RETRY_AFTER_MS = 1_000;
/** For this share of the attempt timeout, the downstream is thought to be working on what was abandoned. */
const ABANDONED_SHARE = 0.5;
/** Abandoned attempts take at most this share of the places, so callers who come and leave cannot lock out the others. */
const MOST_ABANDONED = 0.5;

/**
 * Bounds the calls in flight to one downstream, so that a slow one cannot take every socket and all memory of the process. First
 * come, first served. A place is freed when the work has ended, not when somebody stops waiting.
 * @throws RangeError for an option out of range
 * @throws CallError (from the policy) `overloaded`, sent `never`
 */
export function createBulkhead(options: BulkheadOptions = {}): Bulkhead {
  const {
    maxInFlight = DEFAULTS.maxInFlight,
    maxQueued = DEFAULTS.maxQueued,
    adaptiveLimit = false,
    countAbandoned = false,
    attemptTimeoutMs = DEFAULTS.attemptTimeoutMs,
    clock = systemClock,
    onEvent = ignoreEvents,
  } = options;
  // With no place at all, every call would wait in the queue for ever.
  checkCount('maxInFlight', maxInFlight, { min: 1 });
  checkCount('maxQueued', maxQueued);
  checkMs('attemptTimeoutMs', attemptTimeoutMs, { min: 1 });
  const adaptive = adaptiveLimit ? createAdaptiveLimit({ maxInFlight, attemptTimeoutMs, clock }) : undefined;
  const limit = () => adaptive?.current ?? maxInFlight;
  let inFlight = 0;
  // A Set keeps the order of arrival and lets a waiting caller leave from the middle in constant time.
  const queue = new Set<() => void>();

  /** When each abandoned attempt stops taking a place, the first to do so first. */
  const abandonedUntil: number[] = [];
  const abandoned = () => {
    while (abandonedUntil.length > 0 && (abandonedUntil[0] as number) <= clock.now()) abandonedUntil.shift();
    return Math.min(abandonedUntil.length, Math.floor(limit() * MOST_ABANDONED));
  };
  const hasPlace = () => inFlight + abandoned() < limit();

  let cancelTimer: (() => void) | undefined;
  /** Lets in as many of those who wait as there are places. */
  const refill = () => {
    while (queue.size > 0 && hasPlace()) {
      // The place is taken before anybody else can ask for it, so a newcomer cannot overtake the queue.
      const [admitNext] = queue as Set<() => void>;
      inFlight++;
      queue.delete(admitNext as () => void);
      (admitNext as () => void)();
    }
    // Abandoned work gives its places back without any call ending, so somebody has to look.
    const [nextAt] = abandonedUntil;
    const mustLook = queue.size > 0 && nextAt !== undefined;
    if (!mustLook) {
      cancelTimer?.();
      cancelTimer = undefined;
    } else {
      cancelTimer ??= clock.after(nextAt - clock.now(), () => {
        cancelTimer = undefined;
        refill();
      });
    }
  };

  const enter = (context: CallContext): Promise<void> | undefined => {
    const { signal, watch } = context;
    if (signal.aborted) throw abortError(signal);
    if (queue.size === 0 && hasPlace()) {
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
        refill();
        reject(abortError(signal));
      };
      const admit = () => {
        signal.removeEventListener('abort', onAbort);
        watch?.({ type: 'admitted' });
        resolve();
      };
      queue.add(admit);
      signal.addEventListener('abort', onAbort, { once: true });
      refill();
    });
  };

  return {
    policy: (next) => async (context) => {
      const wait = enter(context);
      if (wait !== undefined) await wait;
      try {
        return await next(context);
      } finally {
        inFlight--;
        refill();
      }
    },
    attempts:
      adaptiveLimit || countAbandoned
        ? loadSensor({
            limit: adaptive,
            inFlight: () => inFlight,
            onAbandoned: () => {
              if (countAbandoned) abandonedUntil.push(clock.now() + attemptTimeoutMs * ABANDONED_SHARE);
            },
            onEnded: refill,
            attemptTimeoutMs,
            clock,
          })
        : none,
    get inFlight() {
      return inFlight;
    },
    get queued() {
      return queue.size;
    },
    maxInFlight,
    get limit() {
      return limit();
    },
    get abandoned() {
      return abandoned();
    },
  };
}
