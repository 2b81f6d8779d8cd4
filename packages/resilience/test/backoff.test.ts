import { expect, test } from 'vitest';
import { fullJitterMs } from '../src/index.ts';

const backoff = { baseMs: 50, capMs: 1_000 };

test('full jitter: between nothing and a bound that doubles up to the cap', () => {
  const bounds = [0, 1, 2, 3, 4, 5, 6, 60].map((retry) => fullJitterMs(backoff, retry, () => 1));
  expect(bounds).toEqual([50, 100, 200, 400, 800, 1_000, 1_000, 1_000]);
  expect(fullJitterMs(backoff, 3, () => 0)).toBe(0);
  expect(fullJitterMs(backoff, 3, () => 0.25)).toBe(100);
});
