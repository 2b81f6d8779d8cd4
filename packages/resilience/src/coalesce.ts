import { abortError, isCallError } from './call-error.ts';
import type { Clock } from './clock.ts';
import type { Call, CallContext, CallNotes, Policy } from './policy.ts';

export interface CoalesceOptions {
  /** Calls with the same key are the same question. */
  readonly keyOf: (context: CallContext) => string;
  /** The most a shared call may take: its own deadline, because the callers who share it have different ones. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/**
 * Lets identical safe calls in flight share one: a crowd that asks the same question costs one answer. Each caller
 * keeps its own deadline and may leave; the shared call is aborted when the last one has left. Nothing is kept: whoever
 * asks after the answer asks anew.
 */
export function coalesce({ keyOf, timeoutMs, clock }: CoalesceOptions): Policy {
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
            // Aborted flights are not for newcomers.
            if (flights.get(key) === flight) flights.delete(key);
          });
          // What the answer says of itself, it says to all who get it: the first of them may have left.
          context.notes.cacheControl = flight.notes.cacheControl;
          context.notes.ageMs = flight.notes.ageMs;
          return value;
        } catch (error) {
          // The shared call ran out of a time that began before ours did: ask anew, our own deadline permitting.
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
  /** Of the call that began it. */
  readonly notes: CallNotes;
  callers: number;
}

/** Waits for a shared call as long as its caller does. The last one to leave ends it. */
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
