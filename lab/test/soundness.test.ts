import { describe, expect, test } from 'vitest';
import { phasesOf } from '../src/experiment/phases.ts';
import { tooLate, unsteady } from '../src/run/soundness.ts';

const phases = phasesOf({ beforeS: 10, duringS: 5, afterS: 10 });

/** 100 requests a second for 25 seconds; the generator stands still from `fromMs` for so long, and sends what was due afterwards. */
function measured(stall: { readonly fromMs: number; readonly forMs: number }) {
  const dueMs = Float64Array.from({ length: 2_500 }, (_, index) => index * 10);
  const end = stall.fromMs + stall.forMs;
  return { dueMs, latenessMs: dueMs.map((due) => (due >= stall.fromMs && due < end ? end - due : 0.5)) };
}

describe('a runner that was slowed down', () => {
  test('is not judged by, even where the rest of the run hides it', () => {
    // Twelve requests: less than a hundredth of the run, more than a hundredth of the phase, whose p99 they are.
    const stalled = measured({ fromMs: 12_000, forMs: 120 });
    expect(tooLate(stalled, phases, 20)).toEqual([
      'This machine was too slow or too busy: in the phase during, requests were sent up to 70 ms late (p99; at most 20 ms may be).',
    ]);
  });

  test('is judged by where it was late by less than was permitted, or too seldom to reach a p99', () => {
    expect(tooLate(measured({ fromMs: 12_000, forMs: 20 }), phases, 20)).toEqual([]);
    expect(tooLate(measured({ fromMs: 12_000, forMs: 40 }), phases, 20)).toEqual([]);
  });
});

test('what fails on a machine that has no time is not called the fault of the system', () => {
  const none = { answered: 0, success: 0 };
  const progress = (latenessP99Ms: number) => ({
    atS: 4,
    inFlight: 0,
    recent: { answered: 10, success: 5, bad: 5, seconds: 5, p99Ms: 900 },
    phases: { before: { answered: 10, success: 5 }, during: none, after: none },
    latenessP99Ms,
  });
  expect(unsteady(progress(40), 20)).toMatch(/^This machine is too slow or too busy: .* up to 40 ms late/);
  expect(unsteady(progress(2), 20)).toBe(
    'No steady state: 5 of 10 requests did not succeed before anything was broken.',
  );
});
