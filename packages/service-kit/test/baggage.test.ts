import { expect, test } from 'vitest';
import { parseBaggage } from '../src/baggage.ts';

test.each<[string, string | undefined, string | undefined]>([
  ['none', undefined, undefined],
  ['an empty one', '', undefined],
  ['members and properties', 'tenant=a,run=%C3%BC;p=1', 'tenant=a,run=%C3%BC;p=1'],
  ['white space around members is of no account', ' tenant = a ;p ; q = 1\t, run=2', 'tenant = a ;p ; q = 1,run=2'],
  ['an empty value', 'tenant=', 'tenant='],
  ['a value with =', 'a=b=c', 'a=b=c'],
  ['malformed members go, the others stay', 'tenant,=x,a b=c,q="d",run=2,r=ü', 'run=2'],
  ['only malformed ones', 'tenant', undefined],
])('%s', (_what, given, passedOn) => {
  expect(parseBaggage(given)).toBe(passedOn);
});

test('64 members are passed on, and no more', () => {
  const members = Array.from({ length: 70 }, (_, n) => `k${n}=v`);
  expect(parseBaggage(members.join())).toBe(members.slice(0, 64).join());
});

test('8,192 bytes are passed on, and no more', () => {
  const whole = [`a=${'x'.repeat(4_093)}`, `b=${'x'.repeat(4_094)}`].join();
  expect(Buffer.byteLength(whole)).toBe(8_192);
  expect(parseBaggage(whole)).toBe(whole);
  expect(parseBaggage(`${whole}x`)).toBe(whole.slice(0, 4_095));
});
