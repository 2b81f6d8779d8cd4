import { describe, expect, test } from 'vitest';
import { createRetryBudget } from '../src/index.ts';

const spendAll = (budget: ReturnType<typeof createRetryBudget>) => {
  let spent = 0;
  while (budget.spend()) spent++;
  return spent;
};

describe('retry budget', () => {
  test('starts nearly empty', () => {
    expect(spendAll(createRetryBudget({ ratio: 0.1, capacity: 20, initial: 3 }))).toBe(3);
  });

  test('earns a tenth of a retry per success, exactly, however often', () => {
    const budget = createRetryBudget({ ratio: 0.1, capacity: 20, initial: 0 });
    for (let success = 0; success < 9; success++) budget.earn();
    expect(budget.spend()).toBe(false);
    budget.earn();
    expect(budget.spend()).toBe(true);
    expect(budget.remaining).toBe(0);
    for (let success = 0; success < 70; success++) budget.earn();
    expect(spendAll(budget)).toBe(7);
  });

  test('holds no more than its capacity: a good hour does not pay for a storm', () => {
    const budget = createRetryBudget({ ratio: 0.1, capacity: 20, initial: 3 });
    for (let success = 0; success < 100_000; success++) budget.earn();
    expect(budget.remaining).toBe(20);
    expect(spendAll(budget)).toBe(20);
  });

  test('a capacity of 0 allows no retry at all', () => {
    const budget = createRetryBudget({ capacity: 0 });
    expect(budget.spend()).toBe(false);
    for (let success = 0; success < 100; success++) budget.earn();
    expect(budget.spend()).toBe(false);
  });

  test.each([
    [{ ratio: 1.5 }, 'ratio is 1.5, but must be a number from 0 to 1'],
    [{ capacity: -1 }, 'capacity is -1, but must be a whole number of at least 0'],
    [{ initial: 3, capacity: 2 }, 'initial is 3, but must be at most capacity, which is 2'],
  ])('refuses %j', (options, message) => {
    expect(() => createRetryBudget(options)).toThrow(new RangeError(message));
  });
});
