import type { Clock } from '../clock.ts';

export interface VirtualTime {
  /** The clock to give to policies. It stands still until `advance` moves it. */
  readonly clock: Clock;
  /**
   * Moves the clock on by `ms` milliseconds. Runs each timer that comes due, in order, and lets every promise that it settles run
   * before the next one, as Node does.
   */
  readonly advance: (ms: number) => Promise<void>;
  /** Moves the clock to the next timer and runs it. @returns whether there was one */
  readonly advanceToNext: () => Promise<boolean>;
  /** Timers that somebody still waits for. A call that has ended must leave none. */
  readonly pending: () => number;
}

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** Not zero: at zero, a point in time and a duration would look alike, and a mix-up of the two would pass. */
const START_MS = 100_000;

/**
 * A clock for tests that never sleep. It needs no test runner and touches no global: real timers go on beside it.
 * @example
 *   const time = virtualTime();
 *   const slow = deadline({ timeoutMs: 2_000, clock: time.clock })(taking(5_000, 'answer', time.clock))(callContext());
 *   const seen = track(slow, time.clock);
 *   await time.advance(2_000);
 *   expect(seen.outcome).toBe('deadline_exceeded');
 */
export function virtualTime(): VirtualTime {
  let now = START_MS;
  // Few timers are pending in a test. A sorted insert into an array is enough.
  const timers: Timer[] = [];

  const runNext = async () => {
    const timer = timers.shift();
    if (timer === undefined) return false;
    now = Math.max(now, timer.at);
    timer.callback();
    await settled();
    return true;
  };

  return {
    clock: {
      now: () => now,
      after(delayMs, callback) {
        const timer = { at: now + Math.max(0, delayMs), callback };
        const later = timers.findIndex(({ at }) => at > timer.at);
        timers.splice(later < 0 ? timers.length : later, 0, timer);
        return () => {
          const index = timers.indexOf(timer);
          if (index >= 0) timers.splice(index, 1);
        };
      },
    },
    async advance(ms) {
      const until = now + ms;
      await settled();
      for (let next = timers[0]; next !== undefined && next.at <= until; next = timers[0]) await runNext();
      now = until;
    },
    advanceToNext: runNext,
    pending: () => timers.length,
  };
}

/** Taken at load, so that a test runner that fakes the global timers cannot hold it up. */
const { setImmediate: immediate } = globalThis;

/** Resolves once every promise that can run without a timer or I/O has run. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    immediate(resolve);
  });
}
