import { afterEach, beforeEach, vi } from 'vitest';
import { type Clock, systemClock } from '../src/index.ts';

export { breakerOptions, chance, context, remoteError, taking, track, unreachable } from './calls.ts';

/**
 * Puts the tests of a file on virtual time: the process's clock stands still until `advance` moves it. Also opossum's
 * own timers, which are global ones.
 */
export function useVirtualTime() {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] });
    // Some time in: at zero, nothing tells a point in time from a duration.
    vi.advanceTimersByTime(100_000);
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  return {
    clock: systemClock satisfies Clock,
    advance: async (ms: number) => {
      await vi.advanceTimersByTimeAsync(ms);
    },
    /** Timers that somebody still waits for. */
    pending: () => vi.getTimerCount(),
  };
}
