import { describe, expect, test } from 'vitest';
import { chanceOf } from '../src/decide.ts';
import { Injector } from '../src/index.ts';
import type { Candidate } from '../src/injector.ts';
import { parsePlan } from '../src/plan.ts';
import { host } from './host.ts';

const requests = Array.from({ length: 10_000 }, (_, n) => `request-${n}`);
const candidate = (requestId: string, attempt = '1'): Candidate => ({
  requestId,
  attempt,
  operation: 'hello',
  userAgent: undefined,
});

function injectorOf(plan: unknown): Injector {
  const injector = new Injector({ now: () => 0 });
  injector.use(parsePlan(plan, host));
  return injector;
}

/** Pearson's χ² of observed counts against expected ones. */
function chiSquare(observed: readonly number[], expected: readonly number[]): number {
  return observed.reduce((sum, count, at) => sum + (count - (expected[at] ?? 0)) ** 2 / (expected[at] ?? 0), 0);
}

/** χ² of a table with two rows and columns, against independence of the two. One degree of freedom. */
function chiSquareOfPairs(pairs: readonly (readonly [boolean, boolean])[]): number {
  const count = (a: boolean, b: boolean) => pairs.filter(([x, y]) => x === a && y === b).length;
  const cells = [
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ] as const;
  const row = (a: boolean) => count(a, true) + count(a, false);
  const column = (b: boolean) => count(true, b) + count(false, b);
  return chiSquare(
    cells.map(([a, b]) => count(a, b)),
    cells.map(([a, b]) => (row(a) * column(b)) / pairs.length),
  );
}

/** Exceeded by chance once in a thousand: χ² tables, p = 0.001. */
const CRITICAL = { 1: 10.83, 50: 86.66, 99: 148.23 } as const;

describe('who is hit', { timeout: 60_000 }, () => {
  test('is decided by seed, fault, request and attempt alone, not by order or what came before', () => {
    const plan = { seed: 7, faults: [{ id: 'a', rate: 0.3, reset: true }] };
    const victims = (order: string[]) => {
      const injector = injectorOf(plan);
      return new Set(order.filter((id) => injector.pick(candidate(id)) !== undefined));
    };
    const inOrder = victims(requests);
    expect(victims(requests.toReversed())).toEqual(inOrder);
    expect(victims(requests.flatMap((id) => [id, id]))).toEqual(inOrder);
    expect(inOrder.size).toBeGreaterThan(2_500);
  });

  test.each([0.01, 0.1, 0.33, 0.5, 0.9, 0.99])('as often as a rate of %d says (χ², 50 seeds)', (rate) => {
    const perSeed = Array.from({ length: 50 }, (_, seed) => {
      const injector = injectorOf({ seed, faults: [{ id: 'a', rate, reset: true }] });
      const hits = requests.slice(0, 2_000).filter((id) => injector.pick(candidate(id)) !== undefined).length;
      return chiSquare([hits, 2_000 - hits], [2_000 * rate, 2_000 * (1 - rate)]);
    });
    const sum = perSeed.reduce((all, one) => all + one, 0);
    expect(sum).toBeLessThan(CRITICAL[50]);
    // A decision more even than chance would be no chance either.
    expect(sum).toBeGreaterThan(24.67);
  });

  test('evenly over the whole range (χ², 100 classes)', () => {
    const classOf = requests.map((id) => Math.floor(chanceOf(3, 'a', id, '1') * 100));
    const classes = Array.from({ length: 100 }, (_, n) => classOf.filter((one) => one === n).length);
    expect(
      chiSquare(
        classes,
        classes.map(() => 100),
      ),
    ).toBeLessThan(CRITICAL[99]);
  });

  test('0 is never, 1 is always', () => {
    const [never, always] = [0, 1].map((rate) => injectorOf({ faults: [{ id: 'a', rate, reset: true }] }));
    expect(requests.some((id) => never?.pick(candidate(id)) !== undefined)).toBe(false);
    expect(requests.every((id) => always?.pick(candidate(id)) !== undefined)).toBe(true);
  });

  test.each([
    ['faults', (id: string) => [chanceOf(1, 'a', id, '1'), chanceOf(1, 'b', id, '1')]],
    ['attempts', (id: string) => [chanceOf(1, 'a', id, '1'), chanceOf(1, 'a', id, '2')]],
    ['seeds', (id: string) => [chanceOf(1, 'a', id, '1'), chanceOf(2, 'a', id, '1')]],
    [
      'draws, of the decision and of the delay',
      (id: string) => [chanceOf(1, 'a', id, '1'), chanceOf(1, 'a\ndelay', id, '1')],
    ],
    ['draws, of one delay', (id: string) => [chanceOf(1, 'a\ndelay', id, '1'), chanceOf(1, 'a\ndelay 2', id, '1')]],
  ])('independently for two %s (χ²)', (_what, draw) => {
    for (const rate of [0.1, 0.33, 0.5]) {
      const pairs = requests.map((id) => draw(id).map((chance) => chance < rate) as [boolean, boolean]);
      expect(chiSquareOfPairs(pairs)).toBeLessThan(CRITICAL[1]);
    }
  });

  test('two faults of one plan: the second hits the same requests with and without the first, where that lets them pass', () => {
    const [a, b] = [
      { id: 'a', rate: 0.3, reset: true },
      { id: 'b', rate: 0.4, status: 503 },
    ];
    const hits = (plan: unknown) => {
      const injector = injectorOf(plan);
      return requests.map((id) => injector.pick(candidate(id))?.id);
    };
    const [both, onlyA, onlyB] = [{ faults: [a, b] }, { faults: [a] }, { faults: [b] }].map(hits);
    expect(both).toEqual(requests.map((_, at) => onlyA?.[at] ?? onlyB?.[at]));
    const pairs = requests.map((_, at) => [onlyA?.[at] === 'a', onlyB?.[at] === 'b'] as const);
    expect(chiSquareOfPairs(pairs)).toBeLessThan(CRITICAL[1]);
  });
});
