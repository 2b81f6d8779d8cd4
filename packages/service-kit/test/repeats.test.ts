import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLog } from '../src/index.ts';
import { createRepeats } from '../src/repeats.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function setup() {
  const lines: Record<string, unknown>[] = [];
  const repeats = createRepeats(
    createLog('test', 'info', {
      write: (line) => {
        lines.push(JSON.parse(line));
      },
    }),
  );
  const written = (kind: string, times: number) =>
    Array.from({ length: times }, () => repeats.mayWrite(kind)).filter(Boolean).length;
  const said = () => lines.map(({ level, outcome, repeated }) => [level, outcome, repeated]);
  return { repeats, written, said };
}

test('a few are written, the others are counted and said once a second', () => {
  const { written, said } = setup();
  for (let second = 0; second < 3; second++) {
    expect(written('breaker_open', 1_000)).toBe(10);
    vi.advanceTimersByTime(1_000);
  }
  expect(said()).toEqual(Array.from({ length: 3 }, () => ['warn', 'breaker_open', 990]));
});

test('kinds do not hide each other', () => {
  const { written, said } = setup();
  expect(written('breaker_open', 100)).toBe(10);
  expect(written('unreachable', 12)).toBe(10);
  expect(written('bad_request', 1)).toBe(1);
  vi.advanceTimersByTime(1_000);
  expect(said()).toEqual([
    ['warn', 'breaker_open', 90],
    ['warn', 'unreachable', 2],
  ]);
});

test('what is rare is written whole, for ever, and nothing is said of it', () => {
  const { written, said } = setup();
  for (let n = 0; n < 100; n++) {
    expect(written('unreachable', 5)).toBe(5);
    vi.advanceTimersByTime(1_000);
  }
  expect(said()).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});

test('what was counted last is said at the end', () => {
  const { repeats, written, said } = setup();
  written('breaker_open', 15);
  repeats.flush();
  expect(said()).toEqual([['warn', 'breaker_open', 5]]);
  expect(vi.getTimerCount()).toBe(0);
  repeats.flush();
  expect(said()).toHaveLength(1);
});
