import { expect, test } from 'vitest';
import { BACKOFFS, contend } from '../../src/reproduce/anchors/backoff.ts';

test('jitter more than halves the calls of a hundred clients that contend for one row, and takes a tenth of the time', async () => {
  const [exponential, full] = [await contend(BACKOFFS.exponential, 1), await contend(BACKOFFS['full jitter'], 1)];
  // Of the source's own code, over 300 runs each.
  expect(exponential.calls / 1_860).toBeCloseTo(1, 1);
  expect(full.calls / 796).toBeCloseTo(1, 1);
  expect(full.calls).toBeLessThan(exponential.calls / 2);
  expect(full.ms).toBeLessThan(exponential.ms / 8);
});

test('equal jitter takes longer than full jitter, decorrelated jitter makes more calls', async () => {
  const of = async (name: keyof typeof BACKOFFS) => {
    const runs = await Promise.all([1, 2, 3].map((seed) => contend(BACKOFFS[name], seed)));
    return { calls: runs.reduce((sum, run) => sum + run.calls, 0), ms: runs.reduce((sum, run) => sum + run.ms, 0) };
  };
  const full = await of('full jitter');
  expect((await of('equal jitter')).ms).toBeGreaterThan(1.1 * full.ms);
  expect((await of('decorrelated')).calls).toBeGreaterThan(1.15 * full.calls);
});
