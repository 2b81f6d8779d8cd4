import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLogOutput } from '../src/log-output.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A reader that takes as many bytes as it has room for. */
function setup(room = 0) {
  const reader = { room, text: '', gone: false };
  const output = createLogOutput(
    (lines) => `dropped ${lines}\n`,
    (bytes) => {
      if (reader.gone) throw Object.assign(new Error('gone'), { code: 'EPIPE' });
      if (reader.room === 0) throw Object.assign(new Error('full'), { code: 'EAGAIN' });
      const taken = bytes.subarray(0, reader.room);
      reader.text += taken;
      reader.room -= taken.length;
      return taken.length;
    },
  );
  return { reader, output };
}

const line = (n: number) => `${String(n).padStart(1_023, '0')}\n`;
const linesOf = (text: string) => text.split('\n').filter(Boolean);
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

test('a reader that keeps up gets every line at once', () => {
  const { reader, output } = setup(Number.POSITIVE_INFINITY);
  for (const n of [1, 2, 3]) output.write(line(n));
  expect(linesOf(reader.text).map(Number)).toEqual([1, 2, 3]);
  expect(vi.getTimerCount()).toBe(0);
});

test('a reader that is slow gets every line, whole and in order', () => {
  const { reader, output } = setup(1_500);
  for (const n of numbers(0, 100)) output.write(line(n));
  // Rooms that end in the middle of lines.
  for (let turn = 0; turn < 2_000 && vi.getTimerCount() > 0; turn++) {
    reader.room = 777;
    vi.advanceTimersByTime(100);
  }
  expect(linesOf(reader.text).map(Number)).toEqual(numbers(0, 100));
  expect(output.dropped).toBe(0);
});

test('a reader that stalls costs a bounded number of bytes; the gap is counted and reported in its place', () => {
  const { reader, output } = setup();
  for (const n of numbers(0, 3_000)) output.write(line(n));
  expect(output.dropped).toBe(3_000 - 1_024);
  // It reads some, which is not enough to take lines again.
  reader.room = 100 * 1_024;
  vi.advanceTimersByTime(100);
  output.write(line(3_000));
  expect(output.dropped).toBe(3_001 - 1_024);
  reader.room = Number.POSITIVE_INFINITY;
  vi.advanceTimersByTime(100);
  output.write(line(3_001));
  expect(linesOf(reader.text)).toEqual([
    ...numbers(0, 1_024).map((n) => line(n).trim()),
    'dropped 1977',
    line(3_001).trim(),
  ]);
});

test('the gap is reported as soon as the reader is back, also if nothing else is written', () => {
  const { reader, output } = setup();
  for (const n of numbers(0, 1_030)) output.write(line(n));
  reader.room = Number.POSITIVE_INFINITY;
  vi.advanceTimersByTime(100);
  expect(linesOf(reader.text).at(-1)).toBe('dropped 6');
});

test('a FIFO whose reader left and came back goes on with what was held back', () => {
  const { reader, output } = setup(Number.POSITIVE_INFINITY);
  reader.gone = true;
  for (const n of [1, 2]) output.write(line(n));
  reader.gone = false;
  vi.advanceTimersByTime(100);
  output.write(line(3));
  expect(linesOf(reader.text).map(Number)).toEqual([1, 2, 3]);
});

test('a reader that stays away delays the end of the process by half a second', async () => {
  const { reader, output } = setup();
  output.write(line(1));
  const drained = vi.fn<() => void>();
  const done = output.drain().then(drained);
  await vi.advanceTimersByTimeAsync(490);
  expect(drained).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(20);
  expect(drained).toHaveBeenCalled();
  await done;
  expect(reader.text).toBe('');
});

test('a reader that is only late gets the last lines before the process ends', async () => {
  const { reader, output } = setup();
  output.write(line(1));
  const done = output.drain();
  await vi.advanceTimersByTimeAsync(200);
  reader.room = 4_096;
  await vi.advanceTimersByTimeAsync(10);
  await done;
  expect(linesOf(reader.text).map(Number)).toEqual([1]);
});
