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

/** How many times as long the work takes for four times as much: 4 if it grows with its size, 16 if with the square of it. */
function growth(work: (size: number) => void): number {
  const bestMs = (size: number) => {
    const times = Array.from({ length: 10 }, () => {
      const startedAt = performance.now();
      work(size);
      return performance.now() - startedAt;
    });
    return Math.min(...times);
  };
  bestMs(4_000);
  return bestMs(16_000) / bestMs(4_000);
}

// An expression that tries every way to divide the white space takes 0.3 s for one header, and anybody can send it.
test.each<[string, (size: number) => string]>([
  ['behind the key', (size) => `a${' '.repeat(size)}"`],
  ['in front of the value', (size) => `a=${' '.repeat(size)}"`],
  ['between properties', (size) => `a=b${' ;'.repeat(size / 2)}"`],
  ['around a member', (size) => `a${' '.repeat(size)}b`],
])('the time for a header grows with its length: white space %s', (_where, header) => {
  expect(parseBaggage(header(16_000))).toBeUndefined();
  expect(growth((size) => parseBaggage(header(size)))).toBeLessThan(8);
});
