import type { CallContext, CallNotes } from './call-context.ts';
import { abortError, isCallError } from './call-error.ts';
import { type Clock, systemClock } from './clock.ts';
import { DEFAULTS } from './defaults.ts';
import { checkMs } from './options.ts';
import type { Call, Policy } from './policy.ts';
import { questionOf } from './question.ts';

export interface CoalesceOptions {
  /** Calls with the same key share an answer. Default: operation, input and headers (`questionOf`). */
  readonly keyOf?: (context: CallContext) => string;
  /**
   * The most that a shared call may take, in milliseconds. It has a deadline of its own because its callers have different ones.
   * Default 2,000.
   */
  readonly timeoutMs?: number;
  /** Default: the process's clock. */
  readonly clock?: Clock;
}

/**
 * Lets identical safe calls in flight share one: a crowd that asks the same question costs one answer. Each caller keeps its own
 * deadline and may leave. The shared call is aborted when the last caller has left. Nothing is stored: a call that comes after the
 * answer asks again.
 * @throws RangeError for an option out of range
 */
export function coalesce(options: CoalesceOptions = {}): Policy {
  const { keyOf = questionOf, timeoutMs = DEFAULTS.deadlineMs, clock = systemClock } = options;
  checkMs('timeoutMs', timeoutMs, { min: 1 });
  return <T>(next: Call<T>): Call<T> => {
    const flights = new Map<string, Flight<T>>();

    const takeOff = (key: string, context: CallContext): Flight<T> => {
      const controller = new AbortController();
      const result = next({ ...context, signal: controller.signal, deadlineAt: clock.now() + timeoutMs });
      const flight: Flight<T> = { result, controller, notes: context.notes, callers: 0 };
      const land = () => {
        if (flights.get(key) === flight) flights.delete(key);
      };
      result.then(land, land);
      flights.set(key, flight);
      return flight;
    };

    return async (context) => {
      if (context.operation.safety !== 'safe') return next(context);
      const key = keyOf(context);
      for (;;) {
        const shared = flights.get(key);
        const flight = shared ?? takeOff(key, context);
        if (shared !== undefined) context.watch?.({ type: 'shared' });
        try {
          const value = await board(flight, context.signal, () => {
            // A newcomer must not join a call that is being aborted.
            if (flights.get(key) === flight) flights.delete(key);
          });
          // Everybody who gets the answer needs what it says about itself: the caller who began the call may have left.
          context.notes.cacheControl = flight.notes.cacheControl;
          context.notes.ageMs = flight.notes.ageMs;
          return value;
        } catch (error) {
          // The shared call began before ours and ran out of its own time. Ask again, if our own deadline permits.
          const outOfItsTime = isCallError(error) && error.code === 'deadline_exceeded';
          if (shared === undefined || !outOfItsTime || context.signal.aborted) throw error;
        }
      }
    };
  };
}

interface Flight<T> {
  readonly result: Promise<T>;
  readonly controller: AbortController;
  /** Notes of the call that began it. */
  readonly notes: CallNotes;
  callers: number;
}

/** Waits for a shared call for as long as its caller does. The last caller to leave aborts it. */
function board<T>(flight: Flight<T>, signal: AbortSignal, onEnd: () => void): Promise<T> {
  flight.callers++;
  return new Promise<T>((resolve, reject) => {
    const leave = () => {
      reject(abortError(signal));
      if (--flight.callers > 0) return;
      onEnd();
      flight.controller.abort(abortError(signal));
    };
    if (signal.aborted) {
      leave();
      return;
    }
    signal.addEventListener('abort', leave, { once: true });
    const stay = () => signal.removeEventListener('abort', leave);
    flight.result.then(
      (value) => {
        stay();
        resolve(value);
      },
      (error: unknown) => {
        stay();
        reject(error);
      },
    );
  });
}
