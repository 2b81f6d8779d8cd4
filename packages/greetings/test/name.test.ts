import { describe, expect, test } from 'vitest';
import { NAME_MAX_BYTES, nameSchema } from '../src/index.ts';

const family = '👨‍👩‍👧‍👦';

describe('name', () => {
  test.each([
    ['John', 'John'],
    ['  John Doe\u00a0', 'John Doe'],
    ['Zoë', 'Zoë'],
    ['محمد', 'محمد'],
    ['山田 太郎', '山田 太郎'],
    ['𝒥', '𝒥'],
    ["O'Brien-Smith", "O'Brien-Smith"],
    ['0', '0'],
  ])('%j', (given, name) => {
    expect(nameSchema.parse(given)).toBe(name);
  });

  test.each([
    ['100 letters', 'x'.repeat(100), true],
    ['101 letters', 'x'.repeat(101), false],
    ['100 emoji of 11 code units', family.repeat(100), true],
    ['101 of them', family.repeat(101), false],
    ['100 letters with accents of their own', 'e\u0301'.repeat(100), true],
    ['100 letters and white space around', ` ${'x'.repeat(100)} `, true],
    ['one character of endless accents', `e${'\u0301'.repeat(NAME_MAX_BYTES / 2)}`, false],
  ])('length: %s', (_what, name, valid) => {
    expect(nameSchema.safeParse(name).success).toBe(valid);
  });

  test.each([
    ['', 'must not be blank'],
    [' \u3000', 'must not be blank'],
    ['\u200b\u200d', 'must not be blank'],
    ['\u3164', 'must not be blank'],
    ['a\u0000b', 'control characters'],
    ['a\u0085b', 'control characters'],
    ['\tJohn', 'control characters'],
    ['\ud800', 'lone surrogates'],
    ['John\udc00', 'lone surrogates'],
    [['John', 'Jane'], 'must be given once'],
    [42, 'must be text'],
  ])('%j is refused: %s', (given, reason) => {
    const { error } = nameSchema.safeParse(given);
    expect(error?.issues).toHaveLength(1);
    expect(error?.issues[0]?.message).toContain(reason);
  });
});
