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
  ['Sunday, 06-Nov-94 08:49:40 GMT', 3_000],
  ['Sun Nov  6 08:49:40 1994', 3_000],
  ['Sun Nov 06 08:49:40 1994', 3_000],
  ['Sun, 06 Nov 1994 08:49:60 GMT', 23_000],
  // Two digits: at most fifty years ahead.
  ['Saturday, 06-Nov-44 08:49:36 GMT', 86_400_000],
  ['Sunday, 06-Nov-44 08:49:38 GMT', 0],
  ['Friday, 01-Jan-93 00:00:00 GMT', 0],
  ['Sunday, 31-Feb-94 08:49:40 GMT', undefined],
  ['Sun, 06-Nov-94 08:49:40 GMT', undefined],
  ['Sun Nov 6 08:49:40 1994', undefined],
  ['Sun Nov  6 24:49:40 1994', undefined],
  ['Sun, 06 Nov 1994 08:49:40 gmt', undefined],
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
