import { defineContract, PROBLEMS, type ProblemCode } from '@halfopen/contracts';
import { hello } from './greeter.ts';

/** The edge can fail in every way that a call to a downstream can; a caller who has gone away gets no answer at all. */
const problems = (Object.keys(PROBLEMS) as ProblemCode[]).filter((code) => code !== 'cancelled');

export const edgeContract = defineContract({
  name: 'edge',
  title: 'Halfopen edge',
  description: 'The public side of Halfopen. Greets through the greeter, and says honestly when it cannot.',
  version: '1.0.0',
  operations: { hello: { ...hello, problems } },
});
