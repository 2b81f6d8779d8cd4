import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ProcessLoad } from '../src/process-load.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test('a leak grows by 50 MB a second up to its cap, and is given back at once', () => {
  let leakBytes = 20_500_000;
  const load = new ProcessLoad(() => ({ cpu: 0, leakBytes }));
  load.update();
  vi.advanceTimersByTime(200);
  expect(load.heldBytes).toBe(11_000_000);
  vi.advanceTimersByTime(1_000);
  expect(load.heldBytes).toBe(20_500_000);
  leakBytes = 0;
  load.update();
  expect(load.heldBytes).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

test('a leak ends with its time, though nobody says so', () => {
  let leakBytes = 5_000_000;
  const load = new ProcessLoad(() => ({ cpu: 0, leakBytes }));
  load.update();
  vi.advanceTimersByTime(1_000);
  leakBytes = 0;
  vi.advanceTimersByTime(20);
  expect(load.heldBytes).toBe(0);
});

test('where the system has no more memory, the leak stays as large as it is', () => {
  let leakBytes = 10_000_000;
  const load = new ProcessLoad(() => ({ cpu: 0, leakBytes }));
  load.update();
  const resize = vi.spyOn(ArrayBuffer.prototype, 'resize').mockImplementation(() => {
    throw new RangeError('no more memory');
  });
  vi.advanceTimersByTime(100);
  expect(load.heldBytes).toBe(1_000_000);
  resize.mockRestore();
  leakBytes = 0;
  load.update();
  expect(load.heldBytes).toBe(0);
});
