import { describe, expect, it, vi } from 'vitest';
import { compareResults } from '../src/compare/compare-results.ts';
import { unpackRequests } from '../src/result/packed-requests.ts';
import type { ExperimentResult, RunResult } from '../src/result/result.ts';
import { comparisonTable } from '../src/terminal/comparison-table.ts';
import { sampleResult } from './sample-result.ts';

// An interval is two thousand resamples: on a busy machine a page takes its time.
vi.setConfig({ testTimeout: 60_000 });

/** The run as one that took `tookMs` longer for every request, and whose runner sent `lateMs` later at p99. */
function slower(run: RunResult, tookMs: number, lateMs: number): RunResult {
  const took = Float32Array.from(unpackRequests(run.requests).tookMs, (one) => one + tookMs);
  const { before } = run.figures;
  const later = (ms: number | null) => (ms === null ? null : ms + tookMs);
  return {
    ...run,
    lateness: { ...run.lateness, p99Ms: run.lateness.p99Ms + lateMs },
    figures: {
      ...run.figures,
      before: {
        ...before,
        p50Ms: later(before.p50Ms),
        p99Ms: later(before.p99Ms),
        p999Ms: later(before.p999Ms),
      },
    },
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
    expect(new Set(worse.map(({ variantB, metric }) => `${variantB} ${metric}`))).toEqual(
      new Set(['standard success']),
    );
    expect(worse.map(({ phase }) => phase)).toContain('before');
    expect(comparisonTable(comparison)).toContain('B is worse than A.');
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
    expect(comparisonTable(compareResults(a, late(9)))).toContain('load generator was later by 9 ms');
  });

  it('tells a machine that was slower in one run from a policy: only where several runs agree', () => {
    const verdictOf = (repeats: number, laterMs: (run: number) => number) => {
      const a = sampleResult({ repeats });
      const b = {
        ...a,
        variants: a.variants.map((variant) => ({
          ...variant,
          runs: variant.runs.map((run, index) => slower(run, laterMs(index), 0)),
        })),
      };
      return compareResults(a, b).rows.find(
        ({ variantB, phase, metric }) => variantB === 'standard' && phase === 'during' && metric === 'p50Ms',
      )?.verdict;
    };
    // Everything was slower by nine milliseconds, calm phases too.
    expect(verdictOf(1, () => 9)).toBe('undecided');
    expect(verdictOf(5, () => 9)).toBe('worse');
    // Two runs of five met a slow machine.
    expect(verdictOf(5, (run) => (run < 2 ? 9 : 0))).toBe('undecided');
  });

  /** The result with another outcome for some requests of `standard` that were due in these seconds. */
  function altered(fromS: number, toS: number, every: number, outcome: number) {
    const result = sampleResult();
    return {
      ...result,
      variants: result.variants.map((variant) => ({
        ...variant,
        runs: variant.runs.map((run): RunResult => {
          if (variant.name !== 'standard') return run;
          const { dueMs, outcome: was } = unpackRequests(run.requests);
          const outcomes = was.map((one, index) => {
            const dueS = (dueMs[index] ?? 0) / 1_000;
            return dueS >= fromS && dueS < toS && index % every === 0 ? outcome : one;
          });
          const back = outcome === FAILED && every === 1 && toS === 36;
          return {
            ...run,
            requests: { ...run.requests, outcome: Buffer.from(outcomes).toString('base64') },
            figures: {
              ...run.figures,
              after: back ? { ...run.figures.after, recoveryMs: null, recovered: false } : run.figures.after,
            },
          };
        }),
      })),
    };
  }
  const [FAILED, WRONG] = [2, 3];

  it('calls a policy worse that never comes back, whatever the hypotheses speak of', () => {
    const { rows, worse } = compareResults(sampleResult(), altered(22, 36, 1, FAILED));
    const row = rows.find(({ variantB, metric }) => variantB === 'standard' && metric === 'recoveryMs');
    expect(row).toMatchObject({ a: 400, b: Number.POSITIVE_INFINITY, verdict: 'worse' });
    expect(worse).toBe(true);
    expect(
      rows.find(({ phase, metric, variantB }) => `${variantB} ${phase} ${metric}` === 'standard after success'),
    ).toMatchObject({ verdict: 'worse' });
    expect(comparisonTable(compareResults(altered(22, 36, 1, FAILED), sampleResult()))).toContain('| 400 ms ');
  });

  it('counts one wrong answer where none was allowed, as a run does', () => {
    const strict = (result: ExperimentResult): ExperimentResult => ({
      ...result,
      hypotheses: [
        {
          text: 'standard, after: wrong ≤ 0 %',
          phase: 'after' as const,
          metric: 'wrong' as const,
          variant: 'standard',
          atMost: 0,
          observed: 0,
          interval: null,
          verdict: 'held' as const,
        },
      ],
    });
    const one: ExperimentResult = altered(30, 30.2, 1, WRONG);
    const verdicts = (a: ExperimentResult, b: ExperimentResult) =>
      compareResults(strict(a), strict(b)).rows.find(({ metric }) => metric === 'wrong')?.verdict;
    expect(verdicts(sampleResult(), one)).toBe('worse');
    expect(verdicts(one, sampleResult())).toBe('better');
    expect(verdicts(one, one)).toBe('undecided');
  });

  it('says what it could not have seen', () => {
    expect(comparisonTable(compareResults(sampleResult(), sampleResult()))).toMatch(
      /B is not worse .* A loss of success of up to \d\.\d pp \((none|standard), (before|during|after)\) would not have been seen\./,
    );
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
    const written = (text: string) => ({ ...a, experiment: { ...a.experiment, text: `${a.experiment.text}${text}` } });
    const faulty = written('method: [{ layer: process, action: kill }]');
    expect(() => compareResults(a, faulty)).toThrow(
      'do not ask the same question: their methods, which are the faults, differ',
    );
    const mixed = written('load: { ratePerS: 60, mix: [{ path: / }] }');
    expect(() => compareResults(a, mixed)).toThrow('the requests of their mix differ');
    expect(() => compareResults(a, written('load: { ratePerS: 60 }'))).not.toThrow();
  });
});
