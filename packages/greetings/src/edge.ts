import { defineContract, PROBLEMS, type ProblemCode } from '@halfopen/contracts';
import { hello } from './greeter.ts';

/** The edge can fail in every way in which a call to a downstream can. A caller who has left gets no answer. */
const problems = (Object.keys(PROBLEMS) as ProblemCode[]).filter((code) => code !== 'cancelled');

export const edgeContract = defineContract({
  name: 'edge',
  title: 'Halfopen edge',
  description: 'The public side of Halfopen. Gets its greetings from the greeter, and says so when it cannot.',
  version: '1.0.0',
  operations: { hello: { ...hello, problems } },
});
