import { expect, test } from 'vitest';
import { phasesOf } from '../src/experiment/phases.ts';
import type { Progress } from '../src/load/protocol.ts';
import { createProgressLine } from '../src/terminal/progress-line.ts';

const phases = phasesOf({ beforeS: 4, duringS: 8, afterS: 4 });
const none = { answered: 0, success: 0, slowestMs: 0 };
const progress: Progress = {
  atS: 9.2,
  inFlight: 3,
  longestWaitMs: 40,
  recent: { answered: 750, success: 609, bad: 141, whyBad: [], seconds: 5, p99Ms: 1_018 },
  phases: { before: none, during: none, after: none },
  whyNot: [],
  latenessP99Ms: 1,
};

/** What stands on the line at last. */
function shown(columns: number | undefined, isTTY = true, of = progress): string {
  let text = '';
  const output = { isTTY, columns, write: (more: string) => void (text += more) };
  createProgressLine(phases, output, () => 0).show('standard 2/5', of, 'half_open');
  return text.replaceAll('\r\u001b[K', '');
}

test('a line says what matters most first, and loses whole parts where the terminal is narrow', () => {
  const whole =
    'standard 2/5 · during  · 7 s left · last 5 s: success 81.2 % · p99 1018 ms · breaker half-open · 150/s · 3 waiting';
  expect(shown(120)).toBe(whole);
  expect(shown(80)).toBe('standard 2/5 · during  · 7 s left · last 5 s: success 81.2 % · p99 1018 ms');
  expect(shown(40)).toBe('standard 2/5 · during  · 7 s left');
  expect(shown(8)).toBe('standar');
  expect(shown(undefined)).toBe(shown(80));
  expect(shown(undefined, false)).toBe(`${whole}\n`);
});

test('before the first answer it says so: zeros would look like a run that hangs', () => {
  const recent = { answered: 0, success: 0, bad: 0, whyBad: [], seconds: 0.25, p99Ms: null };
  expect(shown(120, true, { ...progress, atS: -7.8, inFlight: 9, recent })).toBe(
    'standard 2/5 · warm-up · 24 s left · no answer yet, 9 waiting',
  );
});
