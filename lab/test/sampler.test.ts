import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { monotonicMs } from '../src/clock/monotonic.ts';
import { seenBy } from '../src/measure/raw-run.ts';
import { createSampler } from '../src/run/sampler.ts';
import type { Greeter, System } from '../src/system/system.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const never = () => Promise.reject(new Error('nothing is broken here'));
const greeter: Greeter = { opsUrl: 'http://greeter', pause: never, resume: never, kill: never, restart: never };
const system: System = {
  where: 'a test',
  url: 'http://edge',
  edgeOpsUrl: undefined,
  greeters: [greeter],
  greeterUrls: [],
  attempts: undefined,
  proxies: [],
  remarks: [],
  stop: () => Promise.resolve(),
};

test('where attempts are counted by metrics, every second and every phase gets its own, to the last one', async () => {
  // A warm-up that begins off the second; 100 attempts a second, 300 in the seconds 2 and 3; the last one ends 400 ms late.
  const zeroAtMs = monotonicMs() + 1_370;
  const counted = (atS: number) => Math.round(100 * (atS + 2) + 200 * Math.min(2, Math.max(0, atS - 2)));
  vi.stubGlobal('fetch', async () => {
    const atS = Math.min(6.4, (monotonicMs() - zeroAtMs) / 1_000);
    await new Promise((resolve) => setTimeout(resolve, 30));
    return new Response(`http_server_request_duration_seconds_count{route="/hello"} ${counted(atS)}\n`);
  });

  const sampler = createSampler(system, zeroAtMs, 6_000);
  await vi.advanceTimersByTimeAsync(1_370 + 6_400);
  const finished = sampler.finish();
  await vi.advanceTimersByTimeAsync(100);
  await finished;

  const by = [0, 1, 2, 3, 4, 5, 6].map((second) => seenBy(sampler.attemptsSeen, second * 1_000) ?? Number.NaN);
  const perSecond = by.slice(1).map((total, second) => Math.round(total - (by[second] as number)));
  expect(perSecond).toEqual([100, 100, 300, 300, 100, 140]);
  expect(by.at(-1)).toBe(counted(6.4));
});
