import { describe, expect, test } from 'vitest';
import { phasesOf } from '../src/experiment/phases.ts';
import { faultRemarks, lateFaults, tooLate, unsteady } from '../src/run/soundness.ts';

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
      {
        reason: 'late',
        why: 'This machine was too slow or too busy: in the phase during, requests were sent up to 70 ms late (p99; at most 20 ms may be).',
      },
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
  expect(unsteady(progress(40), 20)).toEqual({
    reason: 'late',
    why: expect.stringMatching(/^This machine is too slow or too busy: .* up to 40 ms late/),
  });
  expect(unsteady(progress(2), 20)).toEqual({
    reason: 'unsteady',
    why: 'No steady state: 5 of 10 requests did not succeed before anything was broken.',
  });
});

describe('a fault that was not in force when it was meant to be', () => {
  const times = (beganMs: number, endedMs: number, restarts = false) => [
    { label: 'cut', span: { fromS: 4, toS: 9 }, inForceAtMs: beganMs, undoneAtMs: endedMs, restarts },
  ];

  test('is said from a tenth of a second on, at either end', () => {
    expect(faultRemarks(times(4_090, 9_090), 14)).toEqual([]);
    expect(faultRemarks(times(4_110, 9_250), 14)).toEqual([
      'The fault cut began 110 ms late: at 4.11 s instead of 4 s.',
      'The fault cut ended 250 ms late: at 9.25 s instead of 9 s.',
    ]);
    expect(lateFaults(times(4_110, 9_250), 14)).toEqual([]);
  });

  test('gives no verdict from half a second on', () => {
    expect(lateFaults(times(4_010, 9_600), 14)).toEqual([
      { reason: 'fault_off_time', why: 'The fault cut ended 600 ms late: at 9.60 s instead of 9 s.' },
    ]);
  });

  test('may end late where a process has to start for that, and the result says so', () => {
    expect(lateFaults(times(4_010, 9_900, true), 14)).toEqual([]);
    expect(faultRemarks(times(4_010, 9_900, true), 14)).toHaveLength(1);
    expect(lateFaults(times(4_700, 9_900, true), 14)).toHaveLength(1);
  });

  test('is not late where nothing was measured any more, nor before anything was', () => {
    expect(faultRemarks(times(4_010, 9_600), 9)).toEqual([]);
    const all = { fromS: Number.NEGATIVE_INFINITY, toS: 14 };
    const throughout = { label: 'work', span: all, inForceAtMs: -2_000, undoneAtMs: 13_000, restarts: false };
    expect(faultRemarks([throughout], 14)).toEqual([]);
  });
});
