import { MessageChannel } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { systemClock } from '../src/index.ts';

test('what arrived during a stall of the process is read before a timer fires', async () => {
  const order: string[] = [];
  const { port1, port2 } = new MessageChannel();
  const both = Promise.withResolvers<void>();
  const note = (what: string) => {
    order.push(what);
    if (order.length === 2) both.resolve();
  };
  port1.on('message', () => note('answer'));
  systemClock.after(20, () => note('timer'));
  // In a callback of I/O, so that the timer is the first thing that runs after the stall.
  setImmediate(() => {
    const until = performance.now() + 60;
    while (performance.now() < until);
    port2.postMessage('here');
  });
  await both.promise;
  port1.close();
  expect(order).toEqual(['answer', 'timer']);
});

test('a cancelled timer does not fire, not even in the turn that it waits', async () => {
  let fired = 0;
  const cancel = systemClock.after(1, () => fired++);
  await new Promise<void>((resolve) => {
    // Fires in the same phase as the timer, before its turn of I/O is over.
    setTimeout(() => {
      cancel();
      resolve();
    }, 1);
    // Until both are due, or a millisecond that begins between them would put them into different phases.
    const bothDueAt = performance.now() + 5;
    while (performance.now() < bothDueAt);
  });
  await new Promise((resolve) => {
    setTimeout(resolve, 5);
  });
  expect(fired).toBe(0);
});
