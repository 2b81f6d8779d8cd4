import { systemClock } from '@halfopen/client';
import { afterEach, beforeEach, vi } from 'vitest';

/**
 * Puts every test of a file on virtual time by replacing the timers of the process: opossum and cockatiel take the time from nowhere
 * else. Ours, on the process's clock, runs on the same time.
 */
export function useVirtualGlobalTimers() {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] });
    // At zero, a point in time and a duration would look alike.
    vi.advanceTimersByTime(100_000);
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  return {
    clock: systemClock,
    advance: async (ms: number) => {
      await vi.advanceTimersByTimeAsync(ms);
    },
    /** How many timers are pending. */
    pending: () => vi.getTimerCount(),
  };
}
