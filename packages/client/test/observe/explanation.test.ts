import { expect, test } from 'vitest';
import { createExplanation } from '../../src/observe/index.ts';

/** A clock that stands still until it is moved. */
function setup(startedAt = 0) {
  let now = startedAt;
  const explanation = createExplanation({ now: () => now, after: () => () => undefined }, 0);
  const pass = (ms: number) => {
    now += ms;
  };
  return { explanation, pass };
}

const started = { type: 'call_started', downstream: 'greeter', operation: 'hello', retryBudgetRemaining: 3 } as const;
const ended = {
  type: 'call_ended',
  downstream: 'greeter',
  error: undefined,
  staleBecause: undefined,
  retryBudgetRemaining: 2.1,
} as const;

test('every millisecond is in one part, and the parts are the whole', () => {
  const { explanation, pass } = setup(2);
  const watch = explanation.watchCall();
  pass(1);
  watch(started);
  watch({ type: 'queued' });
  pass(5);
  watch({ type: 'admitted' });
  watch({ type: 'breaker_admitted', attempt: 1, state: 'closed' });
  watch({ type: 'attempt_started', attempt: 1, endpoint: 'http://a' });
  pass(10);
  watch({ type: 'answered', attempt: 1, status: 503, fault: 'down' });
  watch({ type: 'attempt_ended', attempt: 1, error: 'remote_error' });
  watch({ type: 'breaker_verdict', attempt: 1, verdict: 'failure' });
  watch({ type: 'retry', reason: 'remote_error', attempt: 1, delayMs: 20 });
  pass(20);
  watch({ type: 'breaker_admitted', attempt: 2, state: 'half_open' });
  watch({ type: 'attempt_started', attempt: 2, endpoint: 'http://b' });
  pass(40);
  watch({ type: 'answered', attempt: 2, status: 200, fault: undefined });
  watch({ type: 'attempt_ended', attempt: 2, error: undefined });
  watch({ type: 'breaker_verdict', attempt: 2, verdict: 'success' });
  watch(ended);
  pass(3);
  expect(explanation.summary()).toEqual({
    totalMs: 81,
    parts: { admission: 2, queue: 5, attempts: 50, backoff: 20, shared: 0, own: 4 },
    calls: [
      {
        downstream: 'greeter',
        operation: 'hello',
        outcome: 'success',
        retryBudget: { before: 3, after: 2.1 },
        attempts: [
          {
            attempt: 1,
            endpoint: 'http://a',
            startMs: 8,
            tookMs: 10,
            outcome: 'remote_error',
            status: 503,
            fault: 'down',
            breaker: { state: 'closed', verdict: 'failure' },
          },
          {
            attempt: 2,
            endpoint: 'http://b',
            startMs: 38,
            tookMs: 40,
            outcome: 'success',
            status: 200,
            breaker: { state: 'half_open', verdict: 'success' },
          },
        ],
        backoffs: [{ afterAttempt: 1, because: 'remote_error', delayMs: 20 }],
        hedges: 0,
        rejected: [],
      },
    ],
  });
});

test('attempts that overlap are no more than the time they take together', () => {
  const { explanation, pass } = setup();
  const watch = explanation.watchCall();
  watch(started);
  watch({ type: 'attempt_started', attempt: 1, endpoint: 'http://a' });
  pass(30);
  watch({ type: 'hedge', afterMs: 30 });
  watch({ type: 'attempt_started', attempt: 2, endpoint: 'http://b' });
  pass(10);
  watch({ type: 'attempt_ended', attempt: 2, error: undefined });
  pass(5);
  watch({ type: 'attempt_ended', attempt: 1, error: 'cancelled' });
  watch(ended);
  const { parts, totalMs, calls } = explanation.summary();
  expect([totalMs, parts.attempts, parts.own]).toEqual([45, 45, 0]);
  expect(calls).toMatchObject([{ hedges: 1, attempts: [{ tookMs: 45, outcome: 'cancelled' }, { tookMs: 10 }] }]);
});

test('of calls side by side each has its own account, and the request waits as long as any of them', () => {
  const { explanation, pass } = setup();
  const [first, second] = [explanation.watchCall(), explanation.watchCall()];
  first(started);
  second({ ...started, downstream: 'farewell' });
  first({ type: 'attempt_started', attempt: 1, endpoint: 'http://a' });
  second({ type: 'attempt_started', attempt: 1, endpoint: 'http://b' });
  pass(10);
  first({ type: 'attempt_ended', attempt: 1, error: 'remote_error' });
  first({ type: 'retry', reason: 'remote_error', attempt: 1, delayMs: 50 });
  pass(10);
  second({ type: 'attempt_ended', attempt: 1, error: undefined });
  second({ ...ended, downstream: 'farewell' });
  pass(10);
  first({ ...ended, error: 'deadline_exceeded' });
  const { parts, calls } = explanation.summary();
  expect(parts).toMatchObject({ attempts: 20, backoff: 10, own: 0 });
  expect(calls.map(({ downstream, outcome, attempts }) => [downstream, outcome, attempts[0]?.tookMs])).toEqual([
    ['greeter', 'deadline_exceeded', 10],
    ['farewell', 'success', 20],
  ]);
});

test('what has not ended says so, with the time it has taken until now', () => {
  const { explanation, pass } = setup();
  const watch = explanation.watchCall();
  watch(started);
  watch({ type: 'attempt_started', attempt: 1, endpoint: 'http://a' });
  pass(500);
  expect(explanation.summary()).toMatchObject({
    parts: { attempts: 500 },
    calls: [{ outcome: 'unfinished', attempts: [{ outcome: 'unfinished', tookMs: 500 }] }],
  });
});

test('an old answer, a shared one and a refusal are named', () => {
  const { explanation, pass } = setup();
  const watch = explanation.watchCall();
  watch(started);
  watch({ type: 'shared' });
  pass(7);
  watch({ type: 'rejected', code: 'budget_exhausted' });
  watch({ ...ended, staleBecause: 'budget_exhausted' });
  const { parts, calls } = explanation.summary();
  expect(parts.shared).toBe(7);
  expect(calls).toMatchObject([
    { shared: true, outcome: 'degraded', because: 'budget_exhausted', rejected: ['budget_exhausted'] },
  ]);
});

test('a process that is held up at every look at the clock: the attempts are still what their part took', () => {
  let now = 0;
  const explanation = createExplanation({ now: () => (now += 7), after: () => () => undefined }, 0);
  const watch = explanation.watchCall();
  watch(started);
  watch({ type: 'attempt_started', attempt: 1, endpoint: 'http://a' });
  watch({ type: 'attempt_ended', attempt: 1, error: 'remote_error' });
  watch({ type: 'retry', reason: 'remote_error', attempt: 1, delayMs: 20 });
  watch({ type: 'attempt_started', attempt: 2, endpoint: 'http://a' });
  watch({ type: 'attempt_ended', attempt: 2, error: undefined });
  watch(ended);
  const { parts, calls } = explanation.summary();
  expect(calls[0]?.attempts.map(({ tookMs }) => tookMs)).toEqual([7, 7]);
  expect(parts.attempts).toBe(14);
});

test('an attempt that was late and was answered after all is both', () => {
  const { explanation, pass } = setup();
  const watch = explanation.watchCall();
  watch(started);
  watch({ type: 'breaker_admitted', attempt: 1, state: 'closed' });
  watch({ type: 'attempt_started', attempt: 1, endpoint: 'http://a' });
  pass(500);
  watch({ type: 'late', attempt: 1 });
  pass(300);
  watch({ type: 'attempt_ended', attempt: 1, error: undefined });
  watch({ type: 'breaker_verdict', attempt: 1, verdict: 'success' });
  watch(ended);
  expect(explanation.summary().calls[0]?.attempts).toMatchObject([
    { tookMs: 800, outcome: 'success', breaker: { state: 'closed', verdict: 'success', late: true } },
  ]);
});

test('a wait for an endpoint to come back is told, and its time is back-off', () => {
  const { explanation, pass } = setup();
  const watch = explanation.watchCall();
  watch(started);
  watch({ type: 'waiting' });
  pass(240);
  watch({ type: 'waited', outcome: 'admitted', waitedMs: 240 });
  watch({ type: 'breaker_admitted', attempt: 1, state: 'half_open' });
  watch({ type: 'attempt_started', attempt: 1, endpoint: 'http://a' });
  pass(10);
  watch({ type: 'attempt_ended', attempt: 1, error: undefined });
  watch(ended);
  const { parts, calls } = explanation.summary();
  expect([parts.backoff, parts.attempts]).toEqual([240, 10]);
  expect(calls[0]?.recoveryWaits).toEqual([{ outcome: 'admitted', waitedMs: 240 }]);
});
