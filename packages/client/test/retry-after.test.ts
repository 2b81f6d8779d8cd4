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

test.each([
  ["a server's clock that is an hour ahead", 'Sun, 06 Nov 1994 09:49:40 GMT', 'Sun, 06 Nov 1994 09:49:37 GMT', 3_000],
  ["a server's clock that is an hour behind", 'Sun, 06 Nov 1994 07:49:40 GMT', 'Sun, 06 Nov 1994 07:49:37 GMT', 3_000],
  ['another form of date', 'Sunday, 06-Nov-94 09:49:40 GMT', 'Sun Nov  6 09:49:37 1994', 3_000],
  ['a date before the answer', 'Sun, 06 Nov 1994 09:49:36 GMT', 'Sun, 06 Nov 1994 09:49:37 GMT', 0],
  ['a turn of the year', 'Sun, 01 Jan 1995 00:00:02 GMT', 'Sat, 31 Dec 1994 23:59:59 GMT', 3_000],
  ['a Date that is none', 'Sun, 06 Nov 1994 08:49:40 GMT', 'now', 3_000],
  ['seconds, which need no Date', '3', 'Sun, 06 Nov 1994 09:49:37 GMT', 3_000],
])('a wait counts from the Date of the answer: %s', (_what, value, sentAt, ms) => {
  expect(parseRetryAfterMs(value, now, sentAt)).toBe(ms);
});

test.each([
  ['Friday, 31-Dec-99 23:59:58 GMT', 'Fri, 31 Dec 1999 23:59:57 GMT', 1_000],
  ['Saturday, 01-Jan-00 00:00:02 GMT', 'Fri, 31 Dec 1999 23:59:57 GMT', 5_000],
  ['Sat Jan  1 00:00:02 2000', 'Fri, 31 Dec 1999 23:59:57 GMT', 5_000],
])('two digits of a year across a turn of the century: %s', (value, at, ms) => {
  expect(parseRetryAfterMs(value, Date.parse(at))).toBe(ms);
});
