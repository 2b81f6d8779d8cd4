import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { attemptTimeout, compose, createBulkhead, createRetryBudget, deadline, retry, sleep } from '../src/index.ts';
import { context, taking, track, unreachable, useVirtualTime } from './virtual-time.ts';

const { clock, advance, pending } = useVirtualTime();

function stack() {
  const bulkhead = createBulkhead({ maxInFlight: 1, maxQueued: 5, onEvent: () => undefined });
  const policy = compose(
    deadline({ timeoutMs: 2_000, clock }),
    bulkhead.policy,
    retry({
      attempts: 3,
      baseMs: 50,
      capMs: 1_000,
      budget: createRetryBudget({ ratio: 0.1, capacity: 20, initial: 20 }),
      clock,
      random: () => 1,
      onEvent: () => undefined,
    }),
    attemptTimeout({ timeoutMs: 500, clock }),
  );
  return { policy, bulkhead };
}

test.each([
  ['that answers', taking(10, 'answer')],
  ['that fails and is repeated', taking(10, unreachable())],
  ['that times out', taking(60_000, 'late')],
])('no timer, listener or place outlives a call %s, nor one that waited behind it', async (_what, call) => {
  const { policy, bulkhead } = stack();
  // One signal for many calls, as a long-lived caller has: every listener left behind would pile up on it.
  const { signal } = new AbortController();
  const below: AbortSignal[] = [];
  const watched = policy<unknown>((ctx) => {
    below.push(ctx.signal);
    return call(ctx);
  });
  const seen = Array.from({ length: 3 }, () => track(watched(context({ signal }))));
  await advance(10_000);
  expect(seen.map(({ outcome }) => outcome)).not.toContain('pending');
  expect(below.length).toBeGreaterThanOrEqual(3);
  for (const one of [signal, ...below]) expect(getEventListeners(one, 'abort')).toEqual([]);
  expect([pending(), bulkhead.inFlight, bulkhead.queued]).toEqual([0, 0, 0]);
});

test('a call that leaves while it waits leaves nothing behind', async () => {
  const { policy, bulkhead } = stack();
  const caller = new AbortController();
  track(policy(taking(100, 'answer'))(context()));
  const waiting = track(policy(taking(100, 'answer'))(context({ signal: caller.signal })));
  await advance(10);
  caller.abort();
  await advance(1_000);
  expect(waiting.outcome).toBe('cancelled');
  expect(getEventListeners(caller.signal, 'abort')).toEqual([]);
  expect([pending(), bulkhead.inFlight, bulkhead.queued]).toEqual([0, 0, 0]);
});

test('nothing begins for a caller who has left already', async () => {
  const signal = AbortSignal.abort();
  let begun = 0;
  const count = async () => {
    begun++;
  };
  const limited = [deadline({ timeoutMs: 100, clock }), attemptTimeout({ timeoutMs: 100, clock })];
  const { bulkhead } = stack();
  for (const policy of [...limited, bulkhead.policy]) {
    await expect(policy(count)(context({ signal }))).rejects.toMatchObject({ code: 'cancelled' });
  }
  await expect(sleep(clock, 100, signal)).rejects.toMatchObject({ code: 'cancelled' });
  expect([begun, pending(), bulkhead.inFlight]).toEqual([0, 0, 0]);
});
