import { expect, it } from 'vitest';
import { compareResults } from '../../src/compare/compare-results.ts';
import { sampleResult } from '../sample-result.ts';

it('finds a planted loss of 2 % in most single runs of 2,160 requests, and in five', { timeout: 60_000 }, () => {
  const found = (repeats: number, seeds: readonly number[]) =>
    seeds.filter(
      (seed) => compareResults(sampleResult({ seed, repeats }), sampleResult({ seed, repeats, planted: 0.02 })).worse,
    ).length;
  expect(found(1, [200, 300, 400, 500, 600, 700, 800, 900])).toBeGreaterThanOrEqual(6);
  expect(found(5, [200, 300])).toBe(2);
});
