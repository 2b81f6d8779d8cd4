import { describe, expect, test } from 'vitest';
import {
  type BreakerOptions,
  type Call,
  type CallContext,
  compose,
  createBreaker,
  createRetryBudget,
  deadline,
  type PolicyEvent,
  patience,
} from '../src/index.ts';
import { context, remoteError, taking, track, useVirtualTime } from './virtual-time.ts';

const { clock, advance, pending } = useVirtualTime();

/** A breaker under a deadline of 2,000 ms, for attempts that may go on as long. After 500 ms they are late. */
function setup(changes: Partial<BreakerOptions> = {}) {
  const events: PolicyEvent[] = [];
  const breaker = createBreaker({
    attemptTimeoutMs: 500,
    patientForMs: 2_000,
    minimumCalls: 20,
    failureRate: 0.5,
    openMs: 250,
    maxOpenMs: 1_000,
    clock,
    random: () => 0,
    onEvent: (event) => events.push(event),
    ...changes,
  });
  const policy = compose(deadline({ timeoutMs: 2_000, clock }), breaker.policy);
  const run = (ms: number, outcome: unknown = 'answer', caller: Partial<CallContext> = {}) =>
    track(policy(taking(ms, outcome))(context(caller)));
  const crowd = (calls: number, ms: number, outcome?: unknown) => Array.from({ length: calls }, () => run(ms, outcome));
  /** One call every `everyMs`. */
  const stream = async (calls: number, everyMs: number, act: (n: number) => unknown) => {
    for (let n = 0; n < calls; n++) {
      act(n);
      // oxlint-disable-next-line no-await-in-loop -- one after the other is the point
      await advance(everyMs);
    }
  };
  const states = () => events.flatMap((event) => (event.type === 'breaker_transition' ? [event.to] : []));
  return { breaker, events, run, crowd, stream, states };
}

describe('slow and answered', () => {
  test.each([600, 1_200, 1_900])('never opens the breaker, from the first call on: %i ms', async (ms) => {
    const { breaker, run, stream, states } = setup();
    const calls: { readonly outcome: unknown }[] = [];
    // Up to nineteen at once: with more, what is new and slow looks like what is silent.
    await stream(100, 110, () => calls.push(run(ms)));
    await advance(2_000);
    expect([states(), breaker.state, breaker.late]).toEqual([[], 'closed', 0]);
    expect(new Set(calls.map(({ outcome }) => outcome))).toEqual(new Set(['answer']));
  });

  test('closes the breaker that a crowd of first calls opened, with the first answer', async () => {
    const { breaker, crowd, states } = setup();
    crowd(40, 800);
    await advance(500);
    expect([breaker.state, breaker.late]).toEqual(['open', 20]);
    // No probe came: what opened it was taken back.
    await advance(300);
    expect([breaker.state, states()]).toEqual(['closed', ['open', 'closed']]);
    expect([breaker.late, pending()]).toEqual([0, 0]);
  });

  test('is known from the first answer: what is as slow is not late', async () => {
    const { breaker, run, stream, states } = setup();
    await stream(30, 20, () => run(900));
    expect(breaker.state).toBe('closed');
    await advance(280);
    expect([breaker.state, breaker.late]).toEqual(['open', 20]);
    await advance(20);
    expect([breaker.state, states()]).toEqual(['closed', ['open', 'closed']]);
  });

  test('is late only after twice what answers usually take', async () => {
    const { run, events, stream } = setup();
    await stream(60, 900, () => run(850));
    events.length = 0;
    run(1_690);
    await advance(1_690);
    expect(events).toEqual([]);
    run(60_000);
    await advance(1_900);
    expect(events).toEqual([{ type: 'late', attempt: 1 }]);
  });
});

describe('silence', () => {
  test('opens the breaker after the attempt timeout, as if the attempts had been aborted then', async () => {
    const { breaker, crowd } = setup();
    crowd(20, 60_000);
    await advance(499);
    expect(breaker.state).toBe('closed');
    await advance(1);
    expect(breaker.state).toBe('open');
  });

  test('opens it before its failures outweigh ten good seconds', async () => {
    const { breaker, run, stream } = setup();
    await stream(1_000, 10, () => run(2));
    expect(breaker.state).toBe('closed');
    await stream(159, 10, () => run(60_000));
    expect(breaker.state).toBe('closed');
    await stream(3, 10, () => run(60_000));
    expect(breaker.state).toBe('open');
  });

  test('is over with one answer', async () => {
    const { breaker, run, stream } = setup();
    await stream(1_000, 10, () => run(2));
    await stream(150, 10, () => run(60_000));
    run(1);
    await stream(40, 10, () => run(60_000));
    expect(breaker.state).toBe('closed');
  });

  test('of callers who leave before the deadline counts', async () => {
    const { breaker, run, stream } = setup();
    await stream(40, 10, () => {
      const caller = new AbortController();
      run(60_000, 'late', { signal: caller.signal });
      clock.after(520, () => caller.abort());
    });
    await advance(400);
    expect(breaker.state).toBe('open');
  });
});

describe('an attempt that was late', () => {
  test('counts while nobody knows, and then as what it became', async () => {
    const { breaker, run, crowd } = setup({ minimumCalls: 100 });
    crowd(3, 900);
    crowd(2, 1_000, remoteError(503));
    run(60_000);
    await advance(500);
    expect([breaker.late, breaker.recent]).toEqual([6, { outcomes: 6, failures: 6 }]);
    await advance(500);
    expect([breaker.late, breaker.recent]).toEqual([1, { outcomes: 6, failures: 3 }]);
    await advance(1_100);
    expect([breaker.late, breaker.recent]).toEqual([0, { outcomes: 6, failures: 3 }]);
  });

  test('and lost to another attempt of its call is a failure: an endpoint that hangs now and then is found out', async () => {
    const { breaker, events } = setup({ minimumCalls: 100 });
    const racing = patience({
      budget: createRetryBudget({ capacity: 20, initial: 20 }),
      elsewhere: () => true,
      clock,
    });
    const call = compose(
      deadline({ timeoutMs: 2_000, clock }),
      racing,
    )((ctx) => (ctx.attempt === 1 ? breaker.policy(taking(60_000, 'late'))(ctx) : taking(10, 'answer')(ctx)));
    const seen = track(call(context()));
    // Its own answers do not excuse it.
    track(breaker.policy(taking(300, 'answer'))(context()));
    await advance(510);
    expect(seen.outcome).toBe('answer');
    expect(events).toEqual([{ type: 'late', attempt: 1 }]);
    await advance(100);
    expect([breaker.late, breaker.recent]).toEqual([0, { outcomes: 2, failures: 1 }]);
  });

  test('and whose caller left says nothing where others were answered', async () => {
    const { breaker, run } = setup({ minimumCalls: 100 });
    const caller = new AbortController();
    run(800, 'late', { signal: caller.signal });
    run(550);
    await advance(600);
    caller.abort();
    await advance(100);
    expect([breaker.late, breaker.recent]).toEqual([0, { outcomes: 1, failures: 0 }]);
  });

  test('does not count if this process was stalled', async () => {
    let stalledMs = 0;
    const events: PolicyEvent[] = [];
    const breaker = createBreaker({
      attemptTimeoutMs: 500,
      patientForMs: 2_000,
      clock: { now: () => clock.now() + stalledMs, after: (ms, callback) => clock.after(ms, callback) },
      onEvent: (event) => events.push(event),
    });
    track(breaker.policy(taking(700, 'answer'))(context()));
    stalledMs = 300;
    await advance(700);
    expect([events, breaker.late, breaker.recent.outcomes]).toEqual([[], 0, 0]);
  });

  test('is forgotten with the window', async () => {
    const { breaker, crowd } = setup({ minimumCalls: 100 });
    crowd(5, 900);
    await advance(600);
    breaker.forget();
    expect([breaker.late, breaker.recent]).toEqual([0, { outcomes: 0, failures: 0 }]);
    await advance(400);
    expect([breaker.late, breaker.recent]).toEqual([0, { outcomes: 0, failures: 0 }]);
  });
});

describe('a caller in a hurry', () => {
  test('does not speak for an endpoint that answers others meanwhile', async () => {
    const { breaker, run, stream } = setup();
    await stream(60, 110, () => {
      run(300, 'answer', { deadlineAt: clock.now() + 260 });
      run(100);
    });
    expect(breaker.recent.failures).toBe(0);
  });

  test('does where nobody is answered', async () => {
    const { breaker, run, stream } = setup();
    await stream(30, 10, () => run(60_000, 'late', { deadlineAt: clock.now() + 260 }));
    await advance(300);
    expect(breaker.state).toBe('open');
  });
});

describe('a probe', () => {
  const fail: Call<unknown> = () => Promise.reject(remoteError(503));
  const opened = async () => {
    const all = setup();
    for (let n = 0; n < 20; n++) track(all.breaker.policy(fail)(context()));
    await advance(250);
    expect(all.breaker.state).toBe('half_open');
    return all;
  };

  test('that is late opens the breaker again; answered after all, it closes it', async () => {
    const { breaker, run, states } = await opened();
    const seen = run(700);
    await advance(500);
    expect(breaker.state).toBe('open');
    await advance(200);
    expect([seen.outcome, breaker.state]).toEqual(['answer', 'closed']);
    expect(states()).toEqual(['open', 'half_open', 'open', 'closed']);
  });

  test('of an earlier outage does not close it', async () => {
    const { breaker, run } = await opened();
    const seen = run(1_900);
    await advance(500 + 500);
    run(1);
    await advance(1);
    expect(breaker.state).toBe('closed');
    for (let n = 0; n < 20; n++) track(breaker.policy(fail)(context()));
    await advance(898);
    expect(breaker.state).toBe('half_open');
    await advance(1);
    expect([seen.outcome, breaker.state]).toEqual(['answer', 'half_open']);
  });

  test('that fails again ends what late answers could take back', async () => {
    const { breaker, crowd, run } = setup();
    crowd(20, 1_500);
    await advance(500);
    expect(breaker.state).toBe('open');
    await advance(250);
    run(0, remoteError(503));
    await advance(1);
    expect(breaker.state).toBe('open');
    await advance(249);
    expect(breaker.state).toBe('open');
    await advance(1_000);
    expect(breaker.state).toBe('half_open');
  });
});

test('a contradiction is refused', () => {
  expect(() => createBreaker({ attemptTimeoutMs: 500, patientForMs: 400 })).toThrow(
    'attemptTimeoutMs is 500, but must be at most patientForMs, which is 400',
  );
  expect(() => createBreaker({ patientForMs: 0 })).toThrow(RangeError);
});
