import { describe, expect, test } from 'vitest';
import {
  attemptTimeout,
  type Call,
  CallError,
  compose,
  createDeadlineAdmission,
  createRetryBudget,
  deadline,
  type PolicyEvent,
  retry,
} from '../src/index.ts';
import { context, remoteError, taking, track, useVirtualTime } from './virtual-time.ts';

const { clock, advance, pending } = useVirtualTime();

const DEADLINE_MS = 1_000;
const ATTEMPT_TIMEOUT_MS = 500;

function setup({ tookMs }: { readonly tookMs?: number } = {}) {
  const events: PolicyEvent[] = [];
  const admission = createDeadlineAdmission({
    attemptTimeoutMs: ATTEMPT_TIMEOUT_MS,
    clock,
    onEvent: (event) => events.push(event),
  });
  let sent = 0;
  let answer: Call<unknown> = taking(0, 'unset');
  const call = admission.policy<unknown>((ctx) => {
    sent++;
    return answer(ctx);
  });
  /** A call that came with so much time, of which so much is left. */
  const begin = (leftMs: number, next: Call<unknown>, cameWithMs = DEADLINE_MS) => {
    answer = next;
    const deadlineAt = clock.now() + leftMs;
    return track(call(context({ startedAt: deadlineAt - cameWithMs, deadlineAt })));
  };
  const learn = async (count: number, next: Call<unknown>) => {
    for (let n = 0; n < count; n++) {
      begin(DEADLINE_MS, next);
      await advance(ATTEMPT_TIMEOUT_MS);
    }
    sent = 0;
  };
  const cutOff = taking(100, new CallError('deadline_exceeded', 'out of time', { sent: 'perhaps' }));
  const needs = (cameWithMs = DEADLINE_MS) =>
    admission.leastMs(context({ startedAt: clock.now(), deadlineAt: clock.now() + cameWithMs }));
  return {
    admission,
    begin,
    learn,
    cutOff,
    needs,
    events,
    sent: () => sent,
    learned: tookMs === undefined ? Promise.resolve() : learn(20, taking(tookMs, 'answer')),
  };
}

describe('deadline admission', () => {
  test('an attempt with too little time left is not begun, and nobody is charged with it', async () => {
    const { begin, learned, events, sent } = setup({ tookMs: 100 });
    await learned;
    const seen = begin(199, taking(100, 'answer'));
    await advance(0);
    expect([seen.outcome, sent()]).toEqual(['deadline_exceeded', 0]);
    expect(events).toEqual([{ type: 'rejected', code: 'deadline_exceeded' }]);
  });

  test('the refusal says what was left and what is needed, and that nothing was sent', async () => {
    const { admission, learned } = setup({ tookMs: 100 });
    await learned;
    const late = context({ startedAt: clock.now() - 900, deadlineAt: clock.now() + 100 });
    await expect(admission.policy(taking(0, 'answer'))(late)).rejects.toMatchObject({
      code: 'deadline_exceeded',
      sent: 'never',
      message: '100 ms left, and an attempt is begun only with 200 ms left',
    });
  });

  test('twice the usual time is needed, not once: else answers come in the last moment, or just after it', async () => {
    const { begin, learned } = setup({ tookMs: 100 });
    await learned;
    const late = begin(150, taking(100, 'answer'));
    const early = begin(200, taking(100, 'answer'));
    await advance(100);
    expect([late.outcome, early.outcome]).toEqual(['deadline_exceeded', 'answer']);
  });

  test('until twenty attempts are known, every attempt begins', async () => {
    const { begin, learn } = setup();
    await learn(19, taking(100, 'answer'));
    const nineteen = begin(50, taking(10, 'answer'));
    await advance(10);
    const twenty = begin(19, taking(10, 'answer'));
    await advance(10);
    expect([nineteen.outcome, twenty.outcome]).toEqual(['answer', 'deadline_exceeded']);
  });

  test('what was cut off counts as a whole attempt timeout: only fast answers come in time while the downstream drowns', async () => {
    const { learn, cutOff, needs } = setup();
    await learn(20, cutOff);
    await learn(2, taking(20, 'answer'));
    expect(needs()).toBe(ATTEMPT_TIMEOUT_MS);
  });

  test('an attempt timeout counts as one, too', async () => {
    const { learn, needs } = setup();
    await learn(20, taking(500, new CallError('attempt_timeout', 'too slow', { sent: 'perhaps' })));
    expect(needs(2_000)).toBe(ATTEMPT_TIMEOUT_MS);
  });

  test('nobody is asked for more than half of what the call came with: an outage must not teach that nothing is worth beginning', async () => {
    const { begin, learn, cutOff, needs } = setup();
    await learn(128, cutOff);
    expect(needs(300)).toBe(150);
    const hurried = begin(300, taking(100, 'answer'), 300);
    const tooLate = begin(149, taking(100, 'answer'), 300);
    await advance(100);
    expect([hurried.outcome, tooLate.outcome]).toEqual(['answer', 'deadline_exceeded']);
  });

  test('nor for more than an attempt may take', async () => {
    const { learn, needs } = setup();
    await learn(20, taking(400, 'answer'));
    expect(needs(10_000)).toBe(ATTEMPT_TIMEOUT_MS);
  });

  test('an attempt that a later one overtook was lost, not slow: it teaches nothing', async () => {
    const { begin, learn, needs } = setup();
    await learn(20, taking(20, 'answer'));
    const lost = taking(500, new CallError('attempt_timeout', 'lost', { sent: 'perhaps' }));
    for (let n = 0; n < 40; n++) {
      begin(DEADLINE_MS, lost);
      await advance(100);
      begin(DEADLINE_MS, taking(20, 'answer'));
      await advance(400);
    }
    expect(needs()).toBe(40);
  });

  test('a refused request is an answer, too: what it overtakes was lost', async () => {
    const { begin, learn, needs } = setup();
    await learn(20, taking(20, 'answer'));
    for (let n = 0; n < 40; n++) {
      begin(DEADLINE_MS, taking(500, new CallError('attempt_timeout', 'lost', { sent: 'perhaps' })));
      await advance(100);
      begin(DEADLINE_MS, taking(20, new CallError('remote_refused', '404', { sent: 'answered', status: 404 })));
      await advance(400);
    }
    expect(needs()).toBe(40);
  });

  test.each([
    ['a quick failure', remoteError(503)],
    ['a refusal of ours', new CallError('breaker_open', 'open')],
    ['a caller who left', new CallError('cancelled', 'gone', { sent: 'perhaps' })],
    ['a stall of this process', new CallError('attempt_timeout', 'stalled', { sent: 'perhaps', ownStall: true })],
  ])('%s says nothing about how long attempts take', async (_what, error) => {
    const { learn, needs } = setup();
    await learn(20, taking(100, 'answer'));
    await learn(128, taking(1, error));
    expect(needs()).toBe(200);
  });

  test('without a deadline, nothing is refused', async () => {
    const { admission, learned } = setup({ tookMs: 100 });
    await learned;
    const call = admission.policy(taking(10, 'answer'));
    const seen = [track(call(context())), track(call(context({ deadlineAt: clock.now() + 50 })))];
    await advance(10);
    expect(seen.map(({ outcome }) => outcome)).toEqual(['answer', 'answer']);
    expect(pending()).toBe(0);
  });

  test('the deadline says what the call came with, also if the caller gave less', async () => {
    const { admission, learn, cutOff } = setup();
    await learn(20, cutOff);
    const call = compose(deadline({ timeoutMs: DEADLINE_MS, clock }), admission.policy)(taking(100, 'answer'));
    const seen = track(call(context({ deadlineAt: clock.now() + 300 })));
    await advance(100);
    expect(seen.outcome).toBe('answer');
  });
});

describe('above it, retry', () => {
  /** An attempt usually takes 100 ms, so 200 must be left. The first one takes 450 and fails, and the call has so much time. */
  async function failing(deadlineMs: number) {
    const { admission, learn } = setup();
    await learn(20, taking(100, 'answer'));
    const budget = createRetryBudget({ capacity: 20, initial: 20 });
    let sent = 0;
    const call = compose(
      deadline({ timeoutMs: deadlineMs, clock }),
      retry({ attempts: 2, baseMs: 0, capMs: 0, budget, leastMs: admission.leastMs, clock, random: () => 0 }),
      admission.policy,
      attemptTimeout({ timeoutMs: ATTEMPT_TIMEOUT_MS, clock }),
    )((ctx) => {
      sent++;
      return taking(450, remoteError(503))(ctx);
    });
    const seen = track(call(context({ operation: { name: 'read', safety: 'safe' } })));
    await advance(1_000);
    return { outcome: seen.outcome, sent, paid: 20 - budget.remaining };
  }

  test('pays for no retry that would not be begun, and keeps the failure that it knows', async () => {
    expect(await failing(649)).toEqual({ outcome: 'remote_error', sent: 1, paid: 0 });
  });

  test('still retries where there is time', async () => {
    expect(await failing(650)).toEqual({ outcome: 'deadline_exceeded', sent: 2, paid: 1 });
  });
});
