import { expect, test } from 'vitest';
import { randomStream } from '../src/engine/chance.ts';
import { EventQueue, type ScheduledEvent } from '../src/engine/event-queue.ts';

const drain = (queue: EventQueue) => {
  const times: number[] = [];
  for (let next = queue.next(Infinity); next !== undefined; next = queue.next(Infinity)) times.push(next.atMs);
  return times;
};

test('gives events in order of time, whatever the order in which they were added', () => {
  const random = randomStream(1, 'times');
  const queue = new EventQueue();
  const times = Array.from({ length: 2_000 }, () => Math.floor(random() * 500));
  for (const atMs of times) queue.add(atMs, () => {}, false);
  expect(drain(queue)).toEqual(times.toSorted((a, b) => a - b));
});

test('gives events of one moment in the order in which they were added', () => {
  const queue = new EventQueue();
  const ran: number[] = [];
  for (let n = 0; n < 100; n++) queue.add(5, () => ran.push(n), false);
  for (let next = queue.next(5); next !== undefined; next = queue.next(5)) next.run?.();
  expect(ran).toEqual(Array.from({ length: 100 }, (_, n) => n));
});

test('keeps what is due later than the limit', () => {
  const queue = new EventQueue();
  queue.add(10, () => {}, false);
  expect(queue.next(9)).toBeUndefined();
  expect(queue.size).toBe(1);
  expect(queue.next(10)?.atMs).toBe(10);
});

test('never gives a cancelled event, and holds no more of them than events to come', () => {
  const queue = new EventQueue();
  const random = randomStream(1, 'cancelled');
  const kept: number[] = [];
  const cancelled: ScheduledEvent[] = [];
  for (let n = 0; n < 20_000; n++) {
    const atMs = random() * 1_000;
    const event = queue.add(atMs, () => {}, false);
    if (n % 4 === 0) kept.push(atMs);
    else cancelled.push(event);
  }
  for (const event of cancelled) queue.cancel(event);
  for (const event of cancelled) queue.cancel(event);
  expect(queue.size).toBe(kept.length);
  expect(drain(queue)).toEqual(kept.toSorted((a, b) => a - b));
});

test('counts the events that will run, also after cancelled ones have been passed over', () => {
  const queue = new EventQueue();
  const cancelled = queue.add(1, () => {}, false);
  queue.add(2, () => {}, false);
  queue.cancel(cancelled);
  expect(queue.size).toBe(1);
  expect(queue.first?.atMs).toBe(2);
  expect(queue.size).toBe(1);
});
