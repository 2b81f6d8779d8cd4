import { afterEach, beforeEach, vi } from 'vitest';

/**
 * Fakes the process's timers as well, for tests that run a library beside ours: opossum and cockatiel know no other clock.
 * @param advanceOurs moves our own virtual time
 * @returns moves both
 */
export function useGlobalTimers(advanceOurs: (ms: number) => Promise<void>): (ms: number) => Promise<void> {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  return async (ms) => {
    await advanceOurs(ms);
    await vi.advanceTimersByTimeAsync(ms);
  };
}
