import { naiveRetry, standard } from '@halfopen/simulator';
import { expect, test } from 'vitest';
import { chainOf, requestsPerCall } from '../../src/reproduce/anchors/hops.ts';

test('three hops with four attempts each make 64 requests of a call; with a budget each, about one', async () => {
  const chain = { ...chainOf(3), load: { rates: [{ fromMs: 0, perS: 10 }] } };
  expect(await requestsPerCall(naiveRetry({ attempts: 4, attemptTimeoutMs: 1e6 }), chain, 1)).toBe(64);
  expect(await requestsPerCall(standard, chain, 1)).toBeLessThan(1.5);
});
