import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type BreakerOptions, CallError, createBreaker, type PolicyEvent } from '../src/index.ts';
import { context, remoteError, taking, track, unreachable, useVirtualTime } from './virtual-time.ts';

const { clock, advance, pending } = useVirtualTime();

function setup(changes: Partial<BreakerOptions> = {}) {
  const events: PolicyEvent[] = [];
  const breaker = createBreaker({
    windowMs: 10_000,
    minimumCalls: 20,
    failureRate: 0.5,
    attemptTimeoutMs: 500,
    slowShare: 0.8,
    openMs: 250,
    maxOpenMs: 1_000,
    clock,
    random: () => 0,
    onEvent: (event) => events.push(event),
    ...changes,
  });
  const run = (call: () => Promise<unknown>) => track(breaker.policy(call)(context()));
  const fail = () => run(() => Promise.reject(unreachable()));
  const succeed = () => run(async () => 'answer');
  const times = async (count: number, act: () => unknown) => {
    for (let i = 0; i < count; i++) {
      act();
      await advance(0);
    }
  };
  /** Opens the breaker and lets it become half-open. */
  const halfOpen = async () => {
    await times(20, fail);
    expect(breaker.state).toBe('open');
    await advance(250);
    expect(breaker.state).toBe('half_open');
  };
  return { breaker, events, run, fail, succeed, times, halfOpen };
}

describe('closed', () => {
  test('opens when more than half of at least 20 outcomes are failures, not before', async () => {
    const { breaker, fail, times } = setup();
    await times(19, fail);
    expect(breaker.state).toBe('closed');
    await times(1, fail);
    expect(breaker.state).toBe('open');
  });

  test('stays closed at half', async () => {
    const { breaker, fail, succeed, times } = setup();
    await times(50, () => {
      succeed();
      fail();
    });
    expect(breaker.state).toBe('closed');
    await times(1, fail);
    expect(breaker.state).toBe('open');
  });

  test('what is older than the window is forgotten', async () => {
    const { breaker, fail, times } = setup();
    await times(19, fail);
    await advance(10_000);
    await times(19, fail);
    expect(breaker.state).toBe('closed');
  });

  test('failures spread over the whole window add up', async () => {
    const { breaker, fail, times } = setup();
    for (let second = 0; second < 9; second++) {
      await times(2, fail);
      await advance(1_000);
    }
    await times(1, fail);
    expect(breaker.state).toBe('closed');
    await times(1, fail);
    expect(breaker.state).toBe('open');
  });

  test('the window slides: it forgets its oldest tenth, again and again, and keeps the rest', async () => {
    const { breaker, fail, times } = setup();
    await advance(730);
    for (let second = 0; second < 60; second++) {
      await times(1, fail);
      await advance(1_000);
    }
    expect(breaker.state, 'ten at a time').toBe('closed');
    await times(10, fail);
    expect(breaker.state, 'nine kept, ten new').toBe('closed');
    await times(1, fail);
    expect(breaker.state).toBe('open');
  });

  test.each([
    ['5xx', () => remoteError(500), 'open'],
    ['refused connections', unreachable, 'open'],
    ['resets', () => new CallError('connection_lost', '', { sent: 'perhaps' }), 'open'],
    ['attempt timeouts', () => new CallError('attempt_timeout', '', { sent: 'perhaps' }), 'open'],
    ['broken contracts', () => new CallError('bad_response', '', { sent: 'answered' }), 'open'],
    [
      '4xx (a single 404 opens a default opossum)',
      () => new CallError('remote_refused', '', { status: 404 }),
      'closed',
    ],
    [
      'kept connections that were just closing',
      () => new CallError('connection_lost', '', { sent: 'perhaps', staleConnection: true }),
      'closed',
    ],
    ['429', () => new CallError('overloaded', '', { sent: 'answered', status: 429 }), 'closed'],
    ['callers who left', () => new CallError('cancelled', ''), 'closed'],
    ['our own refusals (opossum counts them as failures)', () => new CallError('overloaded', ''), 'closed'],
    ['deadlines too short to judge by', () => new CallError('deadline_exceeded', ''), 'closed'],
    ['bugs of ours', () => new TypeError('x is not a function'), 'closed'],
    ['bugs with a code like ours', () => Object.assign(new Error(), { code: 'unreachable' }), 'closed'],
  ] as const)('%s: %s', async (_what, error, state) => {
    const { breaker, run, times } = setup();
    await times(40, () => run(() => Promise.reject(error())));
    expect(breaker.state).toBe(state);
  });

  test('half of that is enough while nothing has ever been answered', async () => {
    const { breaker, run, times } = setup();
    await times(20, () => run(() => taking(125, new CallError('deadline_exceeded', ''))(context())));
    await advance(125);
    expect(breaker.state).toBe('open');
  });

  test('a deadline that left a fair chance counts, or a black hole behind short deadlines would never open it', async () => {
    const { breaker, run, times } = setup();
    await times(20, () => run(() => taking(250, new CallError('deadline_exceeded', ''))(context())));
    await advance(250);
    expect(breaker.state).toBe('open');
  });

  test('a slow success counts as a failure, and its caller gets the answer', async () => {
    const { breaker, run, times } = setup();
    const answers: ReturnType<typeof run>[] = [];
    await times(20, () => answers.push(run(() => taking(399, 'answer')(context()))));
    await advance(399);
    expect(breaker.state).toBe('closed');
    await times(21, () => answers.push(run(() => taking(400, 'answer')(context()))));
    await advance(400);
    expect(breaker.state).toBe('open');
    expect(new Set(answers.map(({ outcome }) => outcome))).toEqual(new Set(['answer']));
  });

  test('what a stall of this process delayed says nothing about the downstream: neither a late success nor a timeout', async () => {
    const { breaker, times } = setup();
    const ended: unknown[] = [];
    const stalled = () => {
      const ctx = context();
      const late = breaker.policy(async () => {
        await taking(900, 'answer')(ctx);
        ctx.notes.stalledAttempt = ctx.attempt;
        return 'answer';
      });
      ended.push(track(late(ctx)));
    };
    await times(20, stalled);
    await advance(900);
    const timeout = new CallError('attempt_timeout', '', { sent: 'perhaps', ownStall: true });
    await times(20, () => ended.push(track(breaker.policy(() => Promise.reject(timeout))(context()))));
    expect(ended).toHaveLength(40);
    expect(breaker.recent).toEqual({ outcomes: 0, failures: 0 });
    expect(breaker.state).toBe('closed');
  });

  test('tells its last outcomes, and forgets them with the window', async () => {
    const { breaker, fail, succeed, times } = setup();
    await times(12, succeed);
    await times(8, fail);
    await advance(100);
    expect(breaker.recent).toEqual({ outcomes: 20, failures: 8 });
    await advance(10_000);
    expect(breaker.recent).toEqual({ outcomes: 0, failures: 0 });
  });

  test('tells its newest outcomes: fifty, or what came in the same tenth of the window', async () => {
    const { breaker, fail, succeed, times } = setup();
    for (let second = 0; second < 8; second++) {
      await times(60, succeed);
      await advance(1_000);
    }
    await times(30, fail);
    await advance(100);
    // Of the second before, because thirty are too few; of those before that, none.
    expect(breaker.recent).toEqual({ outcomes: 90, failures: 30 });
    await times(20, fail);
    await advance(1_000);
    await times(1, succeed);
    await advance(100);
    expect(breaker.recent).toEqual({ outcomes: 51, failures: 50 });
  });

  test('forgets at once when told to, and counts anew', async () => {
    const { breaker, fail, succeed, times } = setup();
    await times(15, succeed);
    await times(10, fail);
    expect(breaker.recent).toEqual({ outcomes: 25, failures: 10 });
    breaker.forget();
    expect(breaker.recent).toEqual({ outcomes: 0, failures: 0 });
    await times(19, fail);
    expect(breaker.state).toBe('closed');
    await times(1, fail);
    expect(breaker.state).toBe('open');
  });

  test('what is a fair chance is learnt: callers in a hurry still open it when nothing answers any more', async () => {
    const { breaker, run, times } = setup();
    await times(50, () => run(() => taking(4, 'answer')(context())));
    await advance(100);
    await times(100, () => run(() => taking(15, new CallError('deadline_exceeded', ''))(context())));
    await advance(100);
    expect(breaker.state, 'too short to judge by').toBe('closed');
    await times(100, () => run(() => taking(100, new CallError('deadline_exceeded', ''))(context())));
    await advance(100);
    expect(breaker.state).toBe('open');
  });

  test('calls in flight do not dilute the failure rate (opossum #481)', async () => {
    const hanging = () => new Promise<void>(() => undefined);
    const { breaker, run, fail, times } = setup();
    for (let i = 0; i < 500; i++) run(hanging);
    await times(20, fail);
    expect(breaker.state).toBe('open');
  });
});

describe('open', () => {
  test('refuses at once, says when to come back, sends nothing', async () => {
    const { breaker, fail, times, events } = setup();
    await times(20, fail);
    await advance(100);
    let sent = false;
    const refused = breaker.policy(async () => {
      sent = true;
    })(context());
    await expect(refused).rejects.toMatchObject({
      code: 'breaker_open',
      sent: 'never',
      retryAfterMs: 150,
      message: expect.stringContaining('the breaker is open'),
    });
    expect(sent).toBe(false);
    expect(events).toContainEqual({ type: 'rejected', code: 'breaker_open' });
  });

  test('a late success of a call from before the opening does not close it', async () => {
    const { breaker, run, fail, times } = setup();
    run(() => taking(400, 'late')(context()));
    await times(20, fail);
    await advance(300);
    expect(breaker.state).toBe('half_open');
    await advance(200);
    expect(breaker.state).toBe('half_open');
  });

  test('open times grow while probes fail, up to the most, and start again after a close', async () => {
    const { breaker, events, fail, succeed, times } = setup();
    await times(20, fail);
    const openTimes: number[] = [];
    for (let opening = 0; opening < 5; opening++) {
      openTimes.push(breaker.retryAfterMs);
      await advance(breaker.retryAfterMs);
      fail();
      await advance(0);
    }
    expect(openTimes).toEqual([250, 500, 1_000, 1_000, 1_000]);
    await advance(1_000);
    succeed();
    await advance(0);
    expect(breaker.state).toBe('closed');
    await times(20, fail);
    expect(breaker.retryAfterMs).toBe(250);
    const transitions = events.flatMap((event) =>
      event.type === 'breaker_transition' ? [`${event.from}>${event.to}`] : [],
    );
    expect(transitions.slice(-3)).toEqual(['open>half_open', 'half_open>closed', 'closed>open']);
  });

  test('open times are spread: many clients do not probe at one instant', async () => {
    const drawn = await Promise.all(
      [0, 0.5, 0.999].map(async (chance) => {
        const { breaker, fail, times } = setup({ random: () => chance });
        await times(20, fail);
        return breaker.retryAfterMs;
      }),
    );
    expect(drawn[0]).toBeGreaterThan(drawn[1] ?? 0);
    expect(drawn[1]).toBeGreaterThan(drawn[2] ?? 0);
    expect(drawn[2]).toBeGreaterThanOrEqual(187);
  });
});

describe('half-open', () => {
  test('lets one probe through at a time; its success closes', async () => {
    const { breaker, run, succeed, halfOpen } = setup();
    await halfOpen();
    const probe = run(() => taking(100, 'answer')(context()));
    const others = [succeed(), succeed()];
    await advance(0);
    expect(others.map(({ outcome }) => outcome)).toEqual(['breaker_open', 'breaker_open']);
    await advance(100);
    expect(probe.outcome).toBe('answer');
    expect(breaker.state).toBe('closed');
  });

  test('who is kept out by the probe hears why, and when its lease ends', async () => {
    const { breaker, run, halfOpen } = setup();
    await halfOpen();
    run(() => taking(500, 'answer')(context()));
    await advance(200);
    await expect(breaker.policy(async () => 'answer')(context())).rejects.toMatchObject({
      code: 'breaker_open',
      retryAfterMs: 550,
      message: expect.stringContaining('half-open'),
    });
  });

  test('tells who chooses among endpoints whether it would let a call through', async () => {
    const { breaker, run, times, fail } = setup();
    expect(breaker.admits, 'closed').toBe(true);
    await times(20, fail);
    expect(breaker.admits, 'open').toBe(false);
    await advance(250);
    expect(breaker.admits, 'half-open').toBe(true);
    run(() => taking(60_000, 'answer')(context()));
    expect(breaker.admits, 'a probe is on its way').toBe(false);
    await advance(749);
    expect(breaker.admits).toBe(false);
    await advance(1);
    expect(breaker.admits, 'its lease has ended').toBe(true);
  });

  test.each([
    ['a 4xx closes: the other side is well', () => new CallError('remote_refused', '', { status: 404 }), 'closed'],
    ['so does a 429', () => new CallError('overloaded', '', { sent: 'answered', status: 429 }), 'closed'],
    ['a refusal of our own says nothing', () => new CallError('overloaded', ''), 'half_open'],
    ['nor does a bug of ours', () => new TypeError('x is not a function'), 'half_open'],
    ['nor a deadline too short to judge by', () => new CallError('deadline_exceeded', ''), 'half_open'],
    [
      'nor a kept connection that was just closing',
      () => new CallError('connection_lost', '', { staleConnection: true }),
      'half_open',
    ],
  ] as const)('of its answers, %s', async (_what, error, state) => {
    const { breaker, run, halfOpen } = setup();
    await halfOpen();
    run(() => Promise.reject(error()));
    await advance(0);
    expect([breaker.state, breaker.admits]).toEqual([state, true]);
  });

  test('what opened it is no reason to keep the probe away', async () => {
    const { breaker, halfOpen } = setup();
    await halfOpen();
    expect([breaker.admits, breaker.recent.outcomes]).toEqual([true, 0]);
  });

  test('its failure opens again', async () => {
    const { breaker, fail, halfOpen } = setup();
    await halfOpen();
    fail();
    await advance(0);
    expect(breaker.state).toBe('open');
  });

  test('a probe whose caller left says nothing: still half-open, and the next call may probe', async () => {
    const { breaker, run, succeed, halfOpen } = setup();
    await halfOpen();
    run(() => Promise.reject(new CallError('cancelled', '')));
    await advance(0);
    expect(breaker.state).toBe('half_open');
    succeed();
    await advance(0);
    expect(breaker.state).toBe('closed');
  });

  test('a probe that never ends keeps others out only as long as its lease (opossum #388: for ever)', async () => {
    const { breaker, run, succeed, halfOpen } = setup();
    await halfOpen();
    run(() => new Promise<void>(() => undefined));
    await advance(749);
    const early = succeed();
    await advance(0);
    expect(early.outcome).toBe('breaker_open');
    await advance(1);
    const second = succeed();
    await advance(0);
    expect(second.outcome).toBe('answer');
    expect(breaker.state).toBe('closed');
  });

  test('a probe that lost its lease no longer speaks for the breaker', async () => {
    const { breaker, run, halfOpen } = setup();
    await halfOpen();
    run(() => taking(800, 'late')(context()));
    await advance(760);
    run(() => taking(100, unreachable())(context()));
    await advance(40);
    expect(breaker.state, 'the first probe has ended well, too late').toBe('half_open');
    await advance(60);
    expect(breaker.state).toBe('open');
  });

  test('after a close old failures are forgotten', async () => {
    const { breaker, succeed, fail, times, halfOpen } = setup();
    await halfOpen();
    succeed();
    await advance(0);
    expect(breaker.state).toBe('closed');
    await times(19, fail);
    expect(breaker.state).toBe('closed');
  });
});

test('takes no timer, on our clock or of the process: an open breaker becomes half-open when it is looked at', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const { breaker, events, fail, times } = setup();
  await times(20, fail);
  expect(breaker.state).toBe('open');
  expect([pending(), vi.getTimerCount()]).toEqual([0, 0]);
  await advance(249);
  expect(breaker.state).toBe('open');
  await advance(1);
  expect(events.at(-1)).toEqual({ type: 'breaker_transition', from: 'closed', to: 'open' });
  expect(breaker.admits).toBe(true);
  expect(events.at(-1)).toEqual({ type: 'breaker_transition', from: 'open', to: 'half_open' });
});

test('what ends after close() changes nothing any more', async () => {
  const { breaker, events, run, halfOpen } = setup();
  await halfOpen();
  run(() => taking(10, 'answer')(context()));
  breaker.close();
  const before = events.length;
  await advance(10);
  expect([breaker.state, events.length]).toEqual(['half_open', before]);
});

test.each([
  [{ failureRate: 1 }, 'failureRate is 1, but must be a number from 0 below 1'],
  [{ failureRate: -0.1 }, 'failureRate is -0.1'],
  [{ slowShare: 0 }, 'slowShare is 0, but must be a number above 0 to 1'],
  [{ minimumCalls: 0 }, 'minimumCalls is 0, but must be a whole number of at least 1'],
  [{ minimumCalls: 1.5 }, 'minimumCalls is 1.5'],
  [{ windowMs: 99 }, 'windowMs is 99, but must be milliseconds of at least 100'],
  [{ attemptTimeoutMs: 0 }, 'attemptTimeoutMs is 0'],
  [{ openMs: 0 }, 'openMs is 0'],
  [{ openMs: Number.NaN }, 'openMs is NaN'],
  [{ openMs: 2_000 }, 'openMs is 2000, but must be at most maxOpenMs, which is 1000'],
  [{ openMs: 500, maxOpenMs: 100 }, 'openMs is 500, but must be at most maxOpenMs, which is 100'],
])('refuses %j', (options, message) => {
  expect(() => createBreaker(options)).toThrow(RangeError);
  expect(() => createBreaker(options)).toThrow(message);
});

test('a lower cap lowers the defaults below it', async () => {
  const breaker = createBreaker({ maxOpenMs: 100, clock, random: () => 0 });
  for (let n = 0; n < 20; n++) track(breaker.policy(() => Promise.reject(unreachable()))(context()));
  await advance(0);
  expect(breaker.retryAfterMs).toBe(100);
});
