import {
  attemptTimeout,
  type Client,
  compose,
  createClient,
  createRetryBudget,
  DEFAULTS,
  deadline,
  type Policy,
  type RetryOptions,
  retry,
  type Transport,
} from '@halfopen/client';
import { defineContract, defineOperation } from '@halfopen/contracts';
import { z } from 'zod';

/** One operation that may be repeated, and one that must not be. */
export const shopContract = defineContract({
  name: 'shop',
  title: 'Shop',
  description: 'The downstream of the traps.',
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

/** Our client for a shop without a socket: each attempt calls `send`. */
export function shopBehind(send: Transport['send'], policy: Policy): Shop {
  return createClient(shopContract, { send }, policy);
}

/** The default three attempts, with a full budget and jitter at its upper bound: back-offs of 50 and 100 ms. */
export const threeAttempts = (changes: Partial<RetryOptions> = {}): Policy =>
  retry({
    budget: createRetryBudget({ initial: DEFAULTS.retryBudget }),
    random: () => 1,
    ...changes,
  });

/** Three attempts of at most `attemptMs` each, within a deadline of two seconds. */
export const limitedAttempts = (attemptMs: number): Policy =>
  compose(deadline({ timeoutMs: 2_000 }), threeAttempts(), attemptTimeout({ timeoutMs: attemptMs }));
