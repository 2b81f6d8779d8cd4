import { expect, test } from 'vitest';
import { trimOws } from '../src/index.ts';

test.each([
  ['', ''],
  [' \t ', ''],
  ['a', 'a'],
  [' \ta b\t ', 'a b'],
  // No-break space, line feed and form feed are other white space.
  ['\u00a0a\n\f', '\u00a0a\n\f'],
])('%j becomes %j', (text, trimmed) => {
  expect(trimOws(text)).toBe(trimmed);
});
