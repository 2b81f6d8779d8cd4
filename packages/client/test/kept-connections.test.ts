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
