import { expect, test } from 'vitest';
import { HttpProblem, toHttpProblem } from '../src/http-problem.ts';

test('a problem collects no stack: nobody is shown it, and a refusal must stay cheap; other errors keep theirs', () => {
  expect(new HttpProblem('overloaded', 'too much to do').stack).not.toMatch(/^ +at /m);
  const refused = Object.assign(new Error('too much to do'), { code: 'overloaded', retryAfterMs: 5 });
  expect(toHttpProblem(refused).stack).not.toMatch(/^ +at /m);
  expect(refused.stack).toMatch(/^ +at .*http-problem\.test\.ts/m);
});
