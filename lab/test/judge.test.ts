import { describe, expect, test } from 'vitest';
import { phasesOf } from '../src/experiment/phases.ts';
import { judgeHypothesis } from '../src/judge/judge-hypothesis.ts';
import { figuresOf } from '../src/measure/figures.ts';
import type { RawRun } from '../src/measure/raw-run.ts';

const phases = phasesOf({ beforeS: 5, duringS: 10, afterS: 5 });
const during = phases[1] as (typeof phases)[number];
const SUCCESS = 0;
const FAILED = 2;

/** 100 requests a second for twenty seconds. */
function runOf(
  over: {
    outcome?: (index: number) => number;
    tookMs?: (index: number) => number;
    attempts?: ((index: number) => number) | null;
  } = {},
): RawRun {
  const { outcome = () => SUCCESS, tookMs = () => 2, attempts = () => 1 } = over;
  const indexes = Array.from({ length: 2_000 }, (_, index) => index);
  return {
    seed: 1,
    dueMs: Float64Array.from(indexes, (index) => index * 10),
    outcome: Uint8Array.from(indexes, outcome),
    tookMs: Float64Array.from(indexes, tookMs),
    latenessMs: new Float64Array(2_000),
    attempts: attempts === null ? undefined : Uint16Array.from(indexes, attempts),
    // 110 attempts a second.
    attemptsSeen: Array.from({ length: 21 }, (_, second) => ({ atMs: second * 1_000, total: second * 110 })),
    edge: [],
    greeterUrls: [],
    faultEndMs: 15_000,
  };
}

const verdictOf = (hypothesis: Omit<Parameters<typeof judgeHypothesis>[0], 'variant'>, a: RawRun[], b: RawRun[] = []) =>
  judgeHypothesis({ ...hypothesis, variant: 'a' }, { a, b }, phases, 1);

describe('shares', () => {
  const third = runOf({ outcome: (index) => (index >= 500 && index < 1_500 && index % 3 === 0 ? FAILED : SUCCESS) });

  test('are of the requests that were due in the phase', () => {
    expect(verdictOf({ phase: 'during', metric: 'success', atLeast: 0.6 }, [third])).toMatchObject({
      text: 'a, during: success ≥ 60 %',
      verdict: 'held',
    });
    expect(verdictOf({ phase: 'during', metric: 'success', atLeast: 0.6 }, [third]).observed).toBeCloseTo(2 / 3, 2);
    expect(verdictOf({ phase: 'before', metric: 'success', atLeast: 1 }, [third])).toMatchObject({
      observed: 1,
      verdict: 'held',
    });
  });

  test('fail where the whole interval is on the other side, and are inconclusive where it holds the bound', () => {
    expect(verdictOf({ phase: 'during', metric: 'success', atLeast: 0.75 }, [third]).verdict).toBe('failed');
    expect(verdictOf({ phase: 'during', metric: 'success', atLeast: 0.667 }, [third]).verdict).toBe('inconclusive');
  });

  test('of two variants are compared arrival by arrival', () => {
    const half = runOf({ outcome: (index) => (index >= 500 && index < 1_500 && index % 2 === 0 ? FAILED : SUCCESS) });
    const result = verdictOf({ phase: 'during', metric: 'success', minus: 'b', atLeast: 0.1 }, [third], [half]);
    expect(result).toMatchObject({ text: 'a − b, during: success ≥ +10 pp', verdict: 'held' });
    expect(result.observed).toBeCloseTo(1 / 6, 2);
  });

  test('one wrong answer is one too many', () => {
    const one = runOf({ outcome: (index) => (index === 700 ? 3 : SUCCESS) });
    expect(verdictOf({ phase: 'during', metric: 'wrong', atMost: 0 }, [runOf()]).verdict).toBe('held');
    expect(verdictOf({ phase: 'during', metric: 'wrong', atMost: 0 }, [one]).verdict).toBe('failed');
  });
});

test('goodput is successes a second', () => {
  const half = runOf({ outcome: (index) => (index % 2) * FAILED });
  const result = verdictOf({ phase: 'during', metric: 'goodputPerS', atLeast: 40, atMost: 60 }, [half, half]);
  expect(result).toMatchObject({ observed: 50, verdict: 'held' });
  expect(figuresOf(half, during).goodputPerS).toBe(50);
});

test('latencies are those of all answers', () => {
  const slow = runOf({ tookMs: (index) => (index % 20 === 0 ? 800 : 2) });
  expect(verdictOf({ phase: 'during', metric: 'p99Ms', atMost: 500 }, [slow])).toMatchObject({
    observed: 800,
    verdict: 'failed',
  });
  expect(verdictOf({ phase: 'during', metric: 'p50Ms', atMost: 500 }, [slow])).toMatchObject({
    observed: 2,
    verdict: 'held',
  });
});

describe('amplification', () => {
  const twice = runOf({
    attempts: (index) => (index % 10 === 0 ? 2 : 1),
    outcome: (index) => (index % 5 === 0 ? FAILED : SUCCESS),
  });

  test('is attempts over requests', () => {
    expect(verdictOf({ phase: 'during', metric: 'amplification', atMost: 1.15 }, [twice])).toMatchObject({
      verdict: 'held',
    });
    expect(figuresOf(twice, during)).toMatchObject({ amplification: 1.1, success: 0.8 });
  });

  test('success per attempt is the frontier', () => {
    const result = verdictOf({ phase: 'during', metric: 'successPerAttempt', atLeast: 0.68, atMost: 0.77 }, [twice]);
    expect(result.observed).toBeCloseTo(0.8 / 1.1, 6);
    expect(result.verdict).toBe('held');
  });

  test('is that of the counters where nobody counts one by one', () => {
    const counted = runOf({ attempts: null });
    const result = verdictOf({ phase: 'during', metric: 'amplification', atMost: 1.2 }, [counted]);
    expect(result.observed).toBeCloseTo(1.1, 6);
    expect(result.verdict).toBe('held');
    expect(figuresOf(counted, during).amplification).toBeCloseTo(1.1, 6);
  });

  test('is of the whole phase, also where its last second is not a whole one', () => {
    const odd = phasesOf({ beforeS: 5, duringS: 2.5, afterS: 5 });
    // 100 attempts a second, and as many more in the last half second: 300 to 250 requests.
    const seen = [
      ...Array.from({ length: 15 }, (_, half) => half * 50),
      800,
      ...Array.from({ length: 25 }, (_, half) => 850 + half * 50),
    ];
    const counted = {
      ...runOf({ attempts: null }),
      attemptsSeen: seen.map((total, half) => ({ atMs: half * 500, total })),
    };
    const judged = judgeHypothesis(
      { phase: 'during', metric: 'amplification', atMost: 2, variant: 'a' },
      { a: [counted] },
      odd,
      1,
    );
    expect(judged.observed).toBeCloseTo(1.2, 6);
    expect(judged.observed).toBeCloseTo(figuresOf(counted, odd[1] as (typeof odd)[number]).amplification ?? 0, 6);
  });

  test('is not judged where nobody counted at all', () => {
    const blind = { ...runOf({ attempts: null }), attemptsSeen: [] };
    expect(verdictOf({ phase: 'during', metric: 'amplification', atMost: 2 }, [blind])).toMatchObject({
      observed: null,
      verdict: 'inconclusive',
    });
  });
});

describe('recovery', () => {
  const backAfter = (ms: number) =>
    runOf({ outcome: (index) => (index * 10 >= 5_000 && index * 10 < 15_000 + ms ? FAILED : SUCCESS) });

  test('must keep the bound in every run', () => {
    const bound = { phase: 'after', metric: 'recoveryMs', atMost: 1_000 } as const;
    expect(verdictOf(bound, [backAfter(500), backAfter(900)])).toMatchObject({ observed: 900, verdict: 'held' });
    expect(verdictOf(bound, [backAfter(500), backAfter(1_200)])).toMatchObject({ observed: 1_200, verdict: 'failed' });
  });

  test('is not believed where nobody looked for as long as it may take', () => {
    const bound = { phase: 'after', metric: 'recoveryMs', atMost: 1_500 } as const;
    const endedAt = (faultEndMs: number) => [{ ...backAfter(0), faultEndMs }];
    // Two seconds are left, then one and a half: with a window of 250 ms too few.
    expect(verdictOf(bound, endedAt(18_000))).toMatchObject({ observed: 0, verdict: 'held' });
    expect(verdictOf(bound, endedAt(18_500))).toMatchObject({ observed: 0, verdict: 'inconclusive' });
  });

  test('that never comes is a failure, not a missing figure', () => {
    expect(verdictOf({ phase: 'after', metric: 'recoveryMs', atMost: 1_000 }, [backAfter(9_000)])).toMatchObject({
      observed: null,
      verdict: 'failed',
    });
  });
});
