import type { Clock } from '@halfopen/resilience';
import { expect, test } from 'vitest';
import { keptConnections } from '../src/kept-connections.ts';

function atTime() {
  let now = 1_000;
  const clock: Clock = { now: () => now, after: () => () => undefined };
  const worth = keptConnections(clock);
  worth.answeredOnce(true);
  return {
    worth,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

test('three that break are chance, the fourth is not: none is used for five seconds, then again', () => {
  const { worth, pass } = atTime();
  for (let n = 0; n < 3; n++) worth.broke();
  expect(worth.trusted).toBe(true);
  worth.broke();
  expect(worth.trusted).toBe(false);
  pass(4_999);
  expect(worth.trusted).toBe(false);
  pass(1);
  expect(worth.trusted).toBe(true);
  // What led to it is forgotten.
  for (let n = 0; n < 3; n++) worth.broke();
  expect(worth.trusted).toBe(true);
});

test('twenty answers make up for one that breaks, and not for any that is still to come', () => {
  const { worth } = atTime();
  const answers = (count: number) => {
    for (let n = 0; n < count; n++) worth.answered();
  };
  answers(1_000);
  for (let n = 0; n < 3; n++) worth.broke();
  for (let n = 0; n < 20; n++) {
    answers(20);
    worth.broke();
    expect(worth.trusted).toBe(true);
  }
  answers(19);
  worth.broke();
  expect(worth.trusted).toBe(false);
});

test('none is used before the endpoint has named a request that it answered, nor while it does not', () => {
  const worth = keptConnections({ now: () => 1_000, after: () => () => undefined });
  expect(worth.trusted).toBe(false);
  worth.answeredOnce(false);
  expect(worth.trusted).toBe(false);
  worth.answeredOnce(true);
  expect(worth.trusted).toBe(true);
  worth.answeredOnce(false);
  expect(worth.trusted).toBe(false);
});

test("an answer that may be another request's: none is used for five seconds, whatever is answered meanwhile", () => {
  const { worth, pass } = atTime();
  worth.shifted();
  worth.answeredOnce(true);
  expect(worth.trusted).toBe(false);
  pass(4_999);
  expect(worth.trusted).toBe(false);
  pass(1);
  expect(worth.trusted).toBe(true);
});

test('an id tells the question it came with, again and again, and no other one', () => {
  const { worth } = atTime();
  expect(worth.tells('a', 'GET /hello?name=John')).toBe(true);
  // A retry, or a caller who asks the same again: whichever answer comes is right.
  expect(worth.tells('a', 'GET /hello?name=John')).toBe(true);
  expect(worth.tells('a', 'GET /hello?name=Jane')).toBe(false);
  expect(worth.tells('b', 'GET /hello?name=Jane')).toBe(true);
  // Not forgotten for what was refused.
  expect(worth.tells('a', 'GET /hello?name=Jane')).toBe(false);
});

test('the last five thousand ids are remembered, and no more than twice as many', () => {
  const { worth } = atTime();
  const others = (count: number, of: string) => {
    for (let n = 0; n < count; n++) worth.tells(`${of}-${n}`, 'another question');
  };
  worth.tells('a', 'John');
  others(5_000, 'first');
  expect(worth.tells('a', 'Jane')).toBe(false);
  others(5_000, 'second');
  others(5_000, 'third');
  expect(worth.tells('a', 'Jane')).toBe(true);
});
