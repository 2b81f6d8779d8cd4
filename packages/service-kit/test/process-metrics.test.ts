import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchEventLoop } from '../src/process-metrics.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Seconds that are counted while the loop turns for a minute, and is blocked for `blockMs` of every `everyMs`. */
async function blockedIn(blockMs: number, everyMs: number): Promise<number> {
  const registry = new Registry();
  // A blocked loop runs no timers while its clock goes on.
  let lostMs = 0;
  const startedAt = Date.now();
  watchEventLoop(registry, () => Date.now() - startedAt + lostMs);
  for (let passedMs = 0; passedMs < 60_000; passedMs += everyMs) {
    lostMs += blockMs;
    vi.advanceTimersByTime(everyMs - blockMs);
  }
  const [metric] = await registry.getMetricsAsJSON();
  return metric?.values[0]?.value ?? Number.NaN;
}

test.each([
  ['two seconds of every five', 2_000, 5_000, 24],
  ['one second of every five', 1_000, 5_000, 12],
  ['300 ms of every four seconds', 300, 4_000, 4.5],
  ['120 ms of every 500', 120, 500, 14.4],
  ['pauses that nobody notices', 40, 500, 0],
  ['no block', 0, 1_000, 0],
])('%s', async (_what, blockMs, everyMs, seconds) => {
  expect(await blockedIn(blockMs, everyMs)).toBeCloseTo(seconds, 5);
});
