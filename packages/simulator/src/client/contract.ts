import { defineContract, defineOperation } from '@halfopen/contracts';
import { z } from 'zod';

const operation = {
  method: 'GET',
  summary: 'Is served',
  query: z.object({}),
  response: z.object({}),
  problems: [],
} as const;

/** What simulated servers serve: an operation of each kind of safety, without content. */
export const simulatedContract = defineContract({
  name: 'simulated',
  title: 'A simulated server',
  description: 'Serves requests without content, after the service time of its model.',
  version: '1.0.0',
  operations: {
    safe: defineOperation({ ...operation, name: 'safe', path: '/safe', safety: 'safe' }),
    idempotent: defineOperation({ ...operation, name: 'idempotent', path: '/idempotent', safety: 'idempotent' }),
    unsafe: defineOperation({ ...operation, name: 'unsafe', path: '/unsafe', safety: 'unsafe' }),
  },
});
