import { expect, test } from 'vitest';
import { chanceOf } from '../../src/proxy/chance.ts';

const victims = (seed: number, proxy: string, toxic: string, toxicity: number) =>
  Array.from({ length: 10_000 }, (_, index) => index + 1).filter(
    (connection) => chanceOf({ seed, proxy, toxic, connection }, 0) < toxicity,
  );

test('the same seed hits the same connections, another one others', () => {
  expect(victims(7, 'greeter', 'slow', 0.3)).toEqual(victims(7, 'greeter', 'slow', 0.3));
  expect(victims(7, 'greeter', 'slow', 0.3)).not.toEqual(victims(8, 'greeter', 'slow', 0.3));
});

test.each([0.05, 0.3, 0.9])('toxicity %d hits that share', (toxicity) => {
  const { length } = victims(1, 'greeter', 'slow', toxicity);
  // Four standard deviations.
  expect(Math.abs(length - 10_000 * toxicity)).toBeLessThan(4 * Math.sqrt(10_000 * toxicity * (1 - toxicity)));
});

test('a higher toxicity hits the same connections and more', () => {
  const many = new Set(victims(1, 'greeter', 'slow', 0.6));
  expect(victims(1, 'greeter', 'slow', 0.3).every((connection) => many.has(connection))).toBe(true);
});

test('two toxics are independent, and so are two proxies', () => {
  const slow = new Set(victims(1, 'greeter', 'slow', 0.5));
  const others = [victims(1, 'greeter', 'slower', 0.5), victims(1, 'other', 'slow', 0.5)];
  for (const other of others) {
    const both = other.filter((connection) => slow.has(connection)).length;
    // A quarter, within four standard deviations.
    expect(Math.abs(both - 2_500)).toBeLessThan(4 * Math.sqrt(10_000 * 0.25 * 0.75));
  }
});

test('names that run together alike are told apart', () => {
  const of = (proxy: string, toxic: string) => chanceOf({ seed: 1, proxy, toxic, connection: 1 }, 0);
  expect(of('a', 'bc')).not.toBe(of('ab', 'c'));
  expect(of('a","b', 'c')).not.toBe(of('a', 'b","c'));
});
