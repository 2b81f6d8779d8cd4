import { randomStream } from '@halfopen/simulator';
import { expect, test } from 'vitest';
import { failedInAdmission } from '../../src/reproduce/anchors/lifo.ts';
import { failedInTickLoop, type TickLoopOptions } from '../../src/reproduce/anchors/tick-loop.ts';

const failed = (options: TickLoopOptions) => failedInTickLoop(options, randomStream(1, 'loop'));
// A fifth of the published length: the same failures of the spike are a larger share.
const spike = { perTick: 0.1, spike: true, ticks: 200_000 };

test('the newest first gets over a spike of slow requests; first come, first served does not if nobody can overtake', () => {
  expect(failed({ ...spike, lifo: true })).toBeLessThan(0.05);
  const fifo = failed({ ...spike, lifo: false });
  expect(fifo).toBeGreaterThan(0.3);
  expect(fifo).toBeLessThan(0.7);
  expect(failed({ ...spike, lifo: false, nobodyOvertakes: true })).toBeGreaterThan(0.95);
});

test('at two and a half times the capacity, about 87 % fail in the published loop', () => {
  expect(failed({ lifo: false, perTick: 0.5, spike: false, ticks: 200_000 })).toBeCloseTo(0.867, 1);
});

test('our admission gets over the spike as LIFO does', async () => {
  expect(await failedInAdmission({ ...spike, lifo: false }, 1)).toBeLessThan(0.06);
});
