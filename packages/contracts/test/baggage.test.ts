import { expect, test } from 'vitest';
import { parseBaggage } from '../src/index.ts';

const members = (count: number, of = 'x') => Array.from({ length: count }, (_, n) => `k${n}=${of}`).join();

test.each<[string, string | undefined, string | undefined]>([
  ['none', undefined, undefined],
  ['empty', '', undefined],
  ['only commas', ' , ,', undefined],
  ['members, encoded values and properties', 'tenant=a,run=%C3%BC;p=1;q', 'tenant=a,run=%C3%BC;p=1;q'],
  ['white space around members and signs', ' a = 1 ; p = 2 ,\tb=2 ', 'a = 1 ; p = 2,b=2'],
  ['an equals sign in a value', 'a=b=c', 'a=b=c'],
  ['an empty value', 'a=', 'a='],
  ['one name twice', 'a=1,a=2', 'a=1,a=2'],
  ['a member without a value', 'a,b=2', 'b=2'],
  ['a key that is no token', 'a b=1,b=2', 'b=2'],
  ['bytes beyond ASCII', 'a=\u00fc,b=2', 'b=2'],
  ['a quote', 'a="1",b=2', 'b=2'],
  ['64 members', members(64), members(64)],
  ['65 members', members(65), members(64)],
  ['8,192 bytes', `a=${'x'.repeat(8_190)}`, `a=${'x'.repeat(8_190)}`],
  ['8,193 bytes', `a=${'x'.repeat(8_191)}`, undefined],
  ['a member that does not fit between two that do', `a=1,b=${'x'.repeat(8_187)},c=3`, 'a=1,c=3'],
  ['exactly as much as fits, comma included', `a=1,b=${'x'.repeat(8_186)}`, `a=1,b=${'x'.repeat(8_186)}`],
])('%s', (_what, value, passedOn) => {
  expect(parseBaggage(value)).toBe(passedOn);
});

test('a hostile value takes no time to be refused', () => {
  const startedAt = performance.now();
  expect(parseBaggage(`a=${'1;p '.repeat(100_000)}\u0000`)).toBeUndefined();
  expect(performance.now() - startedAt).toBeLessThan(500);
});
