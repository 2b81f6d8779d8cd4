import { describe, expect, test } from 'vitest';
import { PROBLEMS, problemOf, problemSchema } from '../src/index.ts';

describe('problem', () => {
  test('is a document of RFC 9457 with our members', () => {
    const problem = problemOf({ code: 'breaker_open', detail: 'why', requestId: 'r-1', retryAfterMs: 149.2 });
    expect(problem).toEqual({
      type: 'urn:halfopen:problem:breaker_open',
      title: PROBLEMS.breaker_open.title,
      status: 503,
      detail: 'why',
      instance: 'urn:halfopen:request:r-1',
      code: 'breaker_open',
      requestId: 'r-1',
      retryAfterMs: 150,
    });
    expect(problemSchema.parse(problem)).toEqual(problem);
  });

  test('status and title can be closer than those of the code', () => {
    const problem = problemOf({ code: 'bad_request', detail: '', requestId: 'r', status: 404, title: 'Not found' });
    expect(problem).toMatchObject({ code: 'bad_request', status: 404, title: 'Not found' });
  });
});
