import { describe, expect, test } from 'vitest';
import { recoveryMs } from '../src/recovery.ts';

/** 200 requests a second for ten seconds; the fault ends at 2 s. */
const dueMs = Float64Array.from({ length: 2_000 }, (_, index) => index * 5);
const recovery = (succeeded: (due: number, index: number) => boolean) =>
  recoveryMs({ dueMs, succeeded: (index) => succeeded(dueMs[index] as number, index) }, 2_000, 10_000);

describe('recovery', () => {
  test('is nought where nothing fails after the fault', () => {
    expect(recovery((due) => due >= 2_000)).toBe(0);
  });

  test('lasts as long as callers fail, to 50 ms', () => {
    // Up to 5 % of a window may fail: 2 of the 50 requests, 10 ms.
    expect(recovery((due) => due >= 2_700)).toBe(700);
    expect(recovery((due) => due >= 2_730)).toBe(750);
  });

  test('begins anew where it falls over again', () => {
    expect(recovery((due) => due >= 2_300 && !(due >= 6_000 && due < 6_200))).toBe(4_200);
  });

  test('does not mind a stray failure, and does mind one in ten', () => {
    expect(recovery((_due, index) => index % 40 !== 0)).toBe(0);
    expect(recovery((_due, index) => index % 10 !== 0)).toBe(Number.POSITIVE_INFINITY);
  });

  test('is infinite where it never comes', () => {
    expect(recovery((due) => due < 2_000)).toBe(Number.POSITIVE_INFINITY);
    expect(recovery((due) => due < 9_900)).toBe(Number.POSITIVE_INFINITY);
  });

  test('cannot be measured where nothing was due', () => {
    expect(recoveryMs({ dueMs: new Float64Array(), succeeded: () => true }, 0, 2_000)).toBeNull();
  });

  test('cannot be measured where nobody looked for long, or at hardly anybody', () => {
    const from = (fromMs: number) => recoveryMs({ dueMs, succeeded: () => true }, fromMs, 10_000);
    expect([from(9_000), from(9_050)]).toEqual([0, null]);
    const rare = Float64Array.from({ length: 19 }, (_, index) => 2_000 + index * 400);
    expect(recoveryMs({ dueMs: rare, succeeded: () => true }, 2_000, 10_000)).toBeNull();
  });
});
