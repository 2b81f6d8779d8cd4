import { defineContract, defineOperation } from '@halfopen/contracts';
import { z } from 'zod';
import { nameSchema } from './name.ts';

const greetingSchema = z
  .object({
    message: z
      .string()
      .min(1)
      .refine((message) => message.isWellFormed(), 'must be well-formed Unicode')
      .meta({ description: 'The greeting.', examples: ['Hello, John!'] }),
  })
  .meta({ id: 'Greeting', description: 'A greeting.' });

export const hello = defineOperation({
  name: 'hello',
  method: 'GET',
  path: '/hello',
  safety: 'safe',
  summary: 'Greets somebody by name',
  query: z.object({ name: nameSchema.optional() }),
  response: greetingSchema,
  problems: ['bad_request', 'deadline_exceeded', 'overloaded', 'internal'],
});

export const greeterContract = defineContract({
  name: 'greeter',
  title: 'Halfopen greeter',
  description: 'Makes the greetings. Not meant for the public, who use the edge.',
  version: '1.0.0',
  operations: { hello },
});
