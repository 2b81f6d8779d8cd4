import { describe, expect, it, vi } from 'vitest';
import { compareResults } from '../src/compare/compare-results.ts';
import { comparisonTable } from '../src/compare/comparison-table.ts';
import { unpackRequests } from '../src/measure/unpack.ts';
import type { RunResult } from '../src/result.ts';
import { sampleResult } from './sample-result.ts';

// An interval is two thousand resamples: on a busy machine a page takes its time.
vi.setConfig({ testTimeout: 60_000 });

/** The run as one that took `tookMs` longer for every request, and whose runner sent `lateMs` later at p99. */
function slower(run: RunResult, tookMs: number, lateMs: number): RunResult {
  const took = Float32Array.from(unpackRequests(run.requests).tookMs, (one) => one + tookMs);
  return {
    ...run,
    lateness: { ...run.lateness, p99Ms: run.lateness.p99Ms + lateMs },
    requests: { ...run.requests, tookMs: Buffer.from(took.buffer).toString('base64') },
  };
}

describe('compare', () => {
  it('finds nothing between a result and itself, and says how far it could see', () => {
    const comparison = compareResults(sampleResult(), sampleResult());
    expect(comparison.worse).toBe(false);
    expect(comparison.pairing).toEqual({ paired: true });
    expect(comparison.rows.every(({ verdict }) => verdict === 'undecided')).toBe(true);
    const [, high] = comparison.rows.find(({ metric }) => metric === 'success')?.difference?.interval ?? [0, 0];
    expect(high).toBeGreaterThan(0);
  });

  it('finds a planted loss of 3 % in the variant that has it, paired', () => {
    const comparison = compareResults(sampleResult(), sampleResult({ planted: 0.03 }));
    expect(comparison.worse).toBe(true);
    const worse = comparison.rows.filter(({ verdict }) => verdict === 'worse');
    expect(worse.map(({ variantB, phase, metric }) => [variantB, phase, metric])).toEqual([
      ['standard', 'before', 'success'],
    ]);
    expect(comparisonTable(comparison)).toContain('B is worse than A.');
  });

  it('may miss a planted loss of 2 % in one run, and finds it in five', () => {
    const found = (repeats: number) =>
      [200, 300].map(
        (seed) => compareResults(sampleResult({ seed, repeats }), sampleResult({ seed, repeats, planted: 0.02 })).worse,
      );
    expect(found(1)).toEqual([false, false]);
    expect(found(5)).toEqual([true, true]);
  });

  it('calls the same difference better the other way round', () => {
    const comparison = compareResults(sampleResult({ planted: 0.03 }), sampleResult());
    expect(comparison.worse).toBe(false);
    expect(comparison.rows.map(({ verdict }) => verdict)).toContain('better');
  });

  it('says that other arrivals cannot be paired, and compares them all the same', () => {
    const comparison = compareResults(sampleResult({ seed: 1 }), sampleResult({ seed: 2 }));
    expect(comparison.pairing).toEqual({
      paired: false,
      because: 'their arrivals differ (another seed or another load)',
    });
    expect(comparisonTable(comparison)).toContain('Not paired: their arrivals differ');
    expect(compareResults(sampleResult(), sampleResult({ repeats: 2 })).pairing).toEqual({
      paired: false,
      because: 'they have 1 and 2 runs',
    });
  });

  it('compares two policies where each result has one variant', () => {
    const both = sampleResult();
    const only = (name: string) => ({ ...both, variants: both.variants.filter((variant) => variant.name === name) });
    const comparison = compareResults(only('none'), only('standard'));
    expect(comparison.pairing.paired).toBe(true);
    expect(comparison.rows.find(({ phase, metric }) => phase === 'during' && metric === 'p50Ms')).toMatchObject({
      variantA: 'none',
      variantB: 'standard',
      verdict: 'better',
    });
  });

  it('blames no policy for what a runner that was slowed down has added', () => {
    const a = sampleResult();
    const late = (ms: number) => ({
      ...a,
      variants: a.variants.map((variant) => ({
        ...variant,
        runs: variant.runs.map((run) => slower(run, ms, ms)),
      })),
    });
    const verdictOf = (b: ReturnType<typeof sampleResult>) =>
      compareResults(a, b).rows.find(
        ({ variantB, phase, metric }) => variantB === 'standard' && phase === 'during' && metric === 'p50Ms',
      )?.verdict;
    expect(verdictOf(late(9))).toBe('undecided');
    expect(comparisonTable(compareResults(a, late(9)))).toContain('sent later by 9 ms');
    // The same nine milliseconds, and the runner was as punctual as before.
    expect(
      verdictOf({
        ...a,
        variants: a.variants.map((variant) => ({ ...variant, runs: variant.runs.map((run) => slower(run, 9, 0)) })),
      }),
    ).toBe('worse');
  });

  it('refuses a result that decides nothing: what was never measured is not equal', () => {
    const a = sampleResult();
    const stopped = { ...a, sound: false, remarks: ['standard: No steady state: 12 of 600 requests did not succeed.'] };
    const refusal = 'gave no verdict, so there is nothing to compare: standard: No steady state: 12 of 600';
    expect(() => compareResults(a, stopped)).toThrow(`B ${refusal}`);
    expect(() => compareResults(stopped, a)).toThrow(`A ${refusal}`);
  });

  it('refuses what cannot be compared', () => {
    const a = sampleResult();
    const renamed = { ...a, variants: a.variants.map((variant) => ({ ...variant, name: `${variant.name}-2` })) };
    expect(() => compareResults(a, renamed)).toThrow('no variant in common: none, standard against none-2, standard-2');
    const longer = { ...a, phases: a.phases.map((phase) => ({ ...phase, toS: phase.toS + 1 })) };
    expect(() => compareResults(a, longer)).toThrow('different phases: before 0 to 10 s');
  });
});
