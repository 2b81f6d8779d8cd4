import { expect, test } from 'vitest';
import { parseRetryAfterMs } from '../src/index.ts';

const now = Date.parse('Sun, 06 Nov 1994 08:49:37 GMT');

test.each([
  ['0', 0],
  ['1', 1_000],
  [' 120 ', 120_000],
  ['1000000000', 86_400_000],
  ['99999999999999999999999', 86_400_000],
  ['Sun, 06 Nov 1994 08:49:40 GMT', 3_000],
  ['Sun, 06 Nov 1994 08:49:30 GMT', 0],
  ['Fri, 31 Dec 9999 23:59:59 GMT', 86_400_000],
  ['Sun, 99 Nov 1994 08:49:40 GMT', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['1e9', undefined],
  ['0x10', undefined],
  ['soon', undefined],
  ['1994', 1_994_000],
  ['1994-11-06', undefined],
  ['', undefined],
  [undefined, undefined],
])('Retry-After: %s → %s ms', (value, ms) => {
  expect(parseRetryAfterMs(value, now)).toBe(ms);
});
