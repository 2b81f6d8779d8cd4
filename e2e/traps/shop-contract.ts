/**
 * A downstream with one operation that may be repeated and one that must not be, and policies for it: what the tests of traps and
 * `pnpm measure:anti-patterns` share.
 */
import {
  attemptTimeout,
  type Client,
  compose,
  createClient,
  createRetryBudget,
  deadline,
  type Policy,
  type RetryOptions,
  retry,
  systemClock,
  type Transport,
} from '@halfopen/client';
import { defineContract, defineOperation } from '@halfopen/contracts';
import { z } from 'zod';

export const shopContract = defineContract({
  name: 'shop',
  title: 'Shop',
  description: 'For tests.',
  version: '1.0.0',
  operations: {
    find: defineOperation({
      name: 'find',
      method: 'GET',
      path: '/find',
      safety: 'safe',
      summary: 'Finds',
      query: z.object({}),
      response: z.object({ ok: z.boolean() }),
      problems: [],
    }),
    order: defineOperation({
      name: 'order',
      method: 'POST',
      path: '/order',
      safety: 'unsafe',
      summary: 'Orders',
      query: z.object({}),
      response: z.object({ ok: z.boolean() }),
      problems: [],
    }),
  },
});

export type Shop = Client<typeof shopContract>;

/** Our client for a shop without a socket: every attempt is a call of `send`. */
export function shopBehind(send: Transport['send'], policy: Policy): Shop {
  return createClient(shopContract, { send }, policy);
}

/** Three attempts, with jitter at its upper bound: the waits are 50 and 100 ms. */
export const threeAttempts = (changes: Partial<RetryOptions> = {}): Policy =>
  retry({
    attempts: 3,
    baseMs: 50,
    capMs: 1_000,
    budget: createRetryBudget({ ratio: 0.1, capacity: 20, initial: 20 }),
    clock: systemClock,
    random: () => 1,
    onEvent: () => undefined,
    ...changes,
  });

/** Attempts of `attemptMs` each in a call of two seconds. */
export const timed = (attemptMs: number): Policy =>
  compose(
    deadline({ timeoutMs: 2_000, clock: systemClock }),
    threeAttempts(),
    attemptTimeout({ timeoutMs: attemptMs, clock: systemClock }),
  );
