import { expect, test, vi } from 'vitest';
import { abortError, CallError, isCallError } from '../src/index.ts';

test('an aborted signal tells why', () => {
  const reason = new CallError('attempt_timeout', 'slow', { retryAfterMs: 5 });
  expect(abortError(AbortSignal.abort(reason))).toBe(reason);
  expect(abortError(AbortSignal.abort({ code: 'overloaded' })).code).toBe('overloaded');
  const own = Object.assign(new Error('the service ran out of time'), { code: 'deadline_exceeded' });
  expect(abortError(AbortSignal.abort(own))).toMatchObject({ code: own.code, message: own.message });
});

test.each([undefined, null, 'because', { code: 'ECONNRESET' }])(
  'whoever aborts with %s has not said why: a caller who went away',
  (reason) => {
    const error = abortError(AbortSignal.abort(reason));
    expect(error).toMatchObject({ code: 'cancelled', message: 'the caller went away' });
  },
);

test('what was aborted may have been done', () => {
  expect(abortError(AbortSignal.abort()).sent).toBe('perhaps');
  expect(abortError(AbortSignal.abort({ code: 'overloaded' })).sent).toBe('perhaps');
});

test('a log tells it from other errors, by its name', () => {
  expect(String(new CallError('internal', 'why'))).toBe('CallError: why');
});

test.each([
  null,
  undefined,
  'thrown',
  new Error('thrown'),
  Object.assign(new Error('thrown'), { code: 'unreachable' }),
])('anything can be thrown, and %s is no error of a call', (thrown) => {
  expect(isCallError(thrown)).toBe(false);
});

test('an error of another installed copy of this package is one, too', async () => {
  vi.resetModules();
  const copy = await import('../src/index.ts');
  expect(copy.CallError).not.toBe(CallError);
  expect(isCallError(new copy.CallError('internal', ''))).toBe(true);
});

test('a log shows the cause where there is one, and nothing where there is none', () => {
  const cause = new Error('refused');
  expect(new CallError('unreachable', '', { cause }).cause).toBe(cause);
  expect(new CallError('unreachable', '')).not.toHaveProperty('cause');
});

test('a refusal collects no stack: it must stay cheap under load; every other error says where it was made', () => {
  for (const code of ['breaker_open', 'overloaded', 'budget_exhausted'] as const) {
    expect(new CallError(code, 'no').stack).not.toMatch(/^ +at /m);
  }
  expect(new CallError('unreachable', 'nobody there').stack).toMatch(/^ +at .*call-error\.test\.ts/m);
  expect(new Error('of somebody else').stack).toMatch(/^ +at .*call-error\.test\.ts/m);
});
