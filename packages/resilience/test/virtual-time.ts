import { beforeEach } from 'vitest';
import type { Call, Clock } from '../src/index.ts';
import { taking as takingOn, track as trackOn, type VirtualTime, virtualTime } from '../src/testing/index.ts';

export { chance, remoteError, testContext as context, unreachable } from '../src/testing/index.ts';

let time: VirtualTime = virtualTime();

/** Virtual time, new for each test. */
const clock: Clock = {
  now: () => time.clock.now(),
  after: (delayMs, callback) => time.clock.after(delayMs, callback),
};

/** Puts the tests of a file on virtual time: the clock stands still until `advance` moves it. */
export function useVirtualTime() {
  beforeEach(() => {
    time = virtualTime();
  });
  return {
    clock,
    advance: (ms: number) => time.advance(ms),
    advanceToNext: () => time.advanceToNext(),
    /** Timers that somebody still waits for. */
    pending: () => time.pending(),
  };
}

/** A call that takes `ms` of virtual time and then ends with `outcome`, unless it is aborted first. */
export const taking = <T>(ms: number, outcome: T): Call<T> => takingOn(ms, outcome, clock);

/** How a promise ended, and when in virtual time. */
export const track = (promise: Promise<unknown>) => trackOn(promise, clock);
