import { describe, expect, test } from 'vitest';
import { phasesOf } from '../src/experiment/phases.ts';
import { faultRemarks, lateFaults, limitReached, tooLate, unsteady, wasUnsteady } from '../src/run/soundness.ts';

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
        why: 'This machine was too slow or too busy: in the phase during, requests were sent up to 70 ms late (p99; load.maxLatenessMs allows 20 ms).',
      },
    ]);
  });

  test('is judged by where it was late by less than was permitted, or too seldom to reach a p99', () => {
    expect(tooLate(measured({ fromMs: 12_000, forMs: 20 }), phases, 20)).toEqual([]);
    expect(tooLate(measured({ fromMs: 12_000, forMs: 40 }), phases, 20)).toEqual([]);
  });
});

test('what fails on a machine that has no time is not called the fault of the system', () => {
  const none = { answered: 0, success: 0, slowestMs: 0 };
  const progress = (latenessP99Ms: number) => ({
    atS: 4,
    inFlight: 0,
    longestWaitMs: 0,
    recent: { answered: 10, success: 5, bad: 5, whyBad: [], seconds: 5, p99Ms: 900 },
    phases: { before: { answered: 10, success: 5, slowestMs: 2 }, during: none, after: none },
    whyNot: [['GET /hello: status 404', 4] as const, ['GET /: no answer, ECONNREFUSED', 1] as const],
    latenessP99Ms,
  });
  expect(unsteady(progress(40), 20)).toEqual({
    reason: 'late',
    why: expect.stringMatching(/^This machine is too slow or too busy: .* up to 40 ms late/),
  });
  expect(unsteady(progress(2), 20)).toEqual({
    reason: 'unsteady',
    why: 'No steady state: 5 of 10 requests did not succeed before anything was broken (4 × GET /hello: status 404; 1 × GET /: no answer, ECONNREFUSED).',
  });
});

describe('what hangs before anything is broken is no steady state', () => {
  const none = { answered: 0, success: 0, slowestMs: 0 };
  const waiting = (longestWaitMs: number, slowestMs: number) => ({
    atS: 4,
    inFlight: 3,
    longestWaitMs,
    recent: { answered: 10, success: 10, bad: 0, whyBad: [], seconds: 5, p99Ms: slowestMs },
    phases: { before: { answered: 10, success: 10, slowestMs }, during: none, after: none },
    whyNot: [],
    latenessP99Ms: 1,
  });

  test('although nothing that was answered has failed', () => {
    expect(unsteady(waiting(510, 5), 20)).toEqual({
      reason: 'unsteady',
      why: 'No steady state: before anything was broken, a request had waited for 510 ms, and the slowest that succeeded took 5 ms.',
    });
    expect(unsteady(waiting(490, 5), 20)).toBeUndefined();
    // A service that takes its time is not a broken one.
    expect(unsteady(waiting(1_500, 800), 20)).toBeUndefined();
  });

  /** 100 requests a second for 25 seconds; a fault comes at 10 s, and has its `before` phase to itself. */
  const dueMs = Float64Array.from({ length: 2_500 }, (_, index) => index * 10);
  const before = phases[0] as (typeof phases)[number];
  const after = (failed: (dueMs: number) => boolean, tookMs: number, span = { fromS: 10, toS: 15 }) =>
    wasUnsteady(
      {
        dueMs,
        outcome: Uint8Array.from(dueMs, (due) => (failed(due) ? 2 : 0)),
        tookMs: dueMs.map((due) => (failed(due) ? tookMs : 5)),
        whyNot: [],
      },
      before,
      [{ span }],
    );

  test('nor does it become one by failing after the fault has come', () => {
    // Every hundredth hangs for five seconds: none of them fails before 5 s, and the last ones fail in the fault.
    const hanging = after((due) => due % 1_000 === 0, 5_000);
    expect(hanging).toEqual([{ reason: 'unsteady', why: expect.stringMatching(/: 10 of 1000 requests of the phase/) }]);
    expect(after((due) => due === 9_000, 5)).toHaveLength(1);
    // What the fault has hit: it was on its way when it came.
    expect(after((due) => due >= 9_700, 2_000)).toEqual([]);
    expect(after((due) => due >= 10_000, 5)).toEqual([]);
    // A fault within the phase ends what must be steady; one that is always there belongs to it.
    expect(after((due) => due >= 8_000, 5, { fromS: 8, toS: 15 })).toEqual([]);
    expect(after((due) => due >= 8_000, 5, { fromS: Number.NEGATIVE_INFINITY, toS: 25 })).toHaveLength(1);
  });
});

describe('a fault that was not in force when it was meant to be', () => {
  const times = (beganMs: number, endedMs: number, restarts = false) => [
    { index: 0, label: 'cut', span: { fromS: 4, toS: 9 }, inForceAtMs: beganMs, undoneAtMs: endedMs, restarts },
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
    const throughout = { index: 0, label: 'work', span: all, inForceAtMs: -2_000, undoneAtMs: 13_000, restarts: false };
    expect(faultRemarks([throughout], 14)).toEqual([]);
  });
});

describe('a limit of abortWhen says what it met', () => {
  const none = { answered: 0, success: 0, slowestMs: 0 };
  const progress = {
    atS: -1.2,
    inFlight: 12,
    longestWaitMs: 0,
    recent: {
      answered: 31,
      success: 0,
      bad: 31,
      whyBad: [['GET /orders/{n}: no answer, ECONNREFUSED', 31] as const],
      seconds: 1,
      p99Ms: 1,
    },
    phases: { before: none, during: none, after: none },
    whyNot: [],
    latenessP99Ms: 1,
  };

  test.each([
    [
      { failedShare: 0.5 },
      'Stopped at -1.2 s: 100.0 % of the last 31 requests failed (31 × GET /orders/{n}: no answer, ECONNREFUSED); abortWhen.failedShare is 0.5.',
    ],
    [
      { inFlight: 10 },
      'Stopped at -1.2 s: 12 requests were waiting for an answer, and 31 had failed (31 × GET /orders/{n}: no answer, ECONNREFUSED); abortWhen.inFlight is 10.',
    ],
    [{ edgeRssBytes: 100 }, 'Stopped at -1.2 s: the edge held 200 bytes; abortWhen.edgeRssBytes is 100.'],
  ])('%o', (limits, why) => {
    expect(limitReached(limits, progress, { edgeRssBytes: 200 })).toEqual({ reason: 'limit', why });
  });

  test('nothing within it', () => {
    const within = { failedShare: 1, inFlight: 12, edgeRssBytes: 200 };
    expect(limitReached(within, progress, { edgeRssBytes: 200 })).toBeUndefined();
  });
});
