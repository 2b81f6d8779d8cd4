import { none } from '@halfopen/client';
import { expect, test } from 'vitest';
import { hedged, reads, slowShare } from '../../src/reproduce/anchors/tail.ts';

test('of a hundred parts with 1 % of slow ones, most requests have a slow part', async () => {
  expect(await slowShare(1, {}, 20_000)).toBeCloseTo(1 - 0.99 ** 100, 1);
});

test('hedging after the 95th percentile adds about 5 % of load, and cuts p99.9 by more than half', async () => {
  const [bare, ours] = [await reads(() => none, 1), await reads(hedged, 1)];
  expect(bare.readsPerCall).toBe(1);
  expect(ours.readsPerCall).toBeGreaterThan(1.04);
  expect(ours.readsPerCall).toBeLessThan(1.07);
  expect(ours.p999Ms).toBeLessThan(bare.p999Ms / 2);
});
