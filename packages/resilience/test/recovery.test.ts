import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import {
  type Breaker,
  type BreakerOptions,
  type Call,
  type CallContext,
  type CallEvent,
  createBalancer,
  createBreaker,
  type PolicyEvent,
  type RecoveryOptions,
} from '../src/index.ts';
import { chance, context, remoteError, track, useVirtualTime } from './virtual-time.ts';

// Only a failure takes longer than a second or two: finding the smallest scenario.
vi.setConfig({ testTimeout: 60_000 });

const { clock, advance, pending } = useVirtualTime();

/** Endpoints with breakers that notice outages, and calls that wait for up to a second, sixteen at a time. */
function setup(
  names: readonly string[] = ['a'],
  breakerOptions: Partial<BreakerOptions> = {},
  recovery: Partial<RecoveryOptions> = {},
) {
  const events: PolicyEvent[] = [];
  const onEvent = (event: PolicyEvent) => events.push(event);
  const down = new Set<string>();
  const sent: string[] = [];
  const breakers = new Map<string, Breaker>();
  const balancer = createBalancer({
    guard: ({ host }, onChange) => {
      const breaker = createBreaker({
        noticesOutages: true,
        onChange,
        clock,
        random: () => 0,
        onEvent,
        ...breakerOptions,
      });
      breakers.set(host, breaker);
      return breaker;
    },
    recovery: { mostMs: 1_000, maxWaiting: 16, ...recovery },
    clock,
    random: chance(),
    onEvent,
  });
  const at = (hosts: readonly string[]) => hosts.map((host) => ({ origin: `http://${host}`, host }));
  balancer.update(at(names));
  const answer: Call<string> = async ({ endpoint }) => {
    const host = endpoint?.host ?? '';
    sent.push(host);
    if (down.has(host)) throw remoteError(503);
    return `answer of ${host}`;
  };
  const call = balancer.policy(answer);
  const run = (changes: Partial<CallContext> = {}) => {
    const startedAt = clock.now();
    const seen = track(call(context({ deadlineAt: startedAt + 2_000, ...changes })));
    return {
      get outcome() {
        return seen.outcome;
      },
      get tookMs() {
        return (seen.atMs ?? Number.NaN) - startedAt;
      },
    };
  };
  const times = async (count: number, act: () => unknown) => {
    for (let n = 0; n < count; n++) {
      act();
      await advance(0);
    }
  };
  const breaker = (host = 'a') => breakers.get(host) as Breaker;
  const open = async (...hosts: readonly string[]) => {
    for (const host of hosts) down.add(host);
    while (hosts.some((host) => breaker(host).state !== 'open')) await times(1, run);
    sent.length = 0;
    events.length = 0;
  };
  return {
    balancer,
    breaker,
    down,
    events,
    open,
    run,
    sent,
    times,
    update: (hosts: readonly string[]) => balancer.update(at(hosts)),
  };
}

describe('a run of failures', () => {
  test('of twelve opens the breaker where nothing failed before, whatever the window holds', async () => {
    const { breaker, down, run, times } = setup();
    await times(500, run);
    down.add('a');
    await times(11, run);
    expect(breaker().state).toBe('closed');
    await times(1, run);
    expect(breaker().state).toBe('open');
  });

  test('has to be longer where much failed before: half of the calls need about twenty', async () => {
    const { breaker, down, run, times } = setup(['a'], { failureRate: 0.9 });
    await times(200, () => {
      if (!down.delete('a')) down.add('a');
      run();
    });
    down.delete('a');
    await times(1, run);
    down.add('a');
    await times(17, run);
    expect(breaker().state).toBe('closed');
    await times(6, run);
    expect(breaker().state).toBe('open');
  });

  test('is no longer than two hundred, whatever a server has taught before', async () => {
    const { breaker, down, run, times } = setup(['a'], { failureRate: 0.999 });
    for (const [rounds, length] of [
      [10, 11],
      [10, 60],
    ] as const) {
      for (let round = 0; round < rounds; round++) {
        down.clear();
        await times(1, run);
        down.add('a');
        await times(length, run);
      }
    }
    down.clear();
    await times(1, run);
    down.add('a');
    await times(199, run);
    expect(breaker().state).toBe('closed');
    await times(1, run);
    expect(breaker().state).toBe('open');
  });

  test('waits for the attempts that are still running: what fails is faster than what succeeds', async () => {
    const { breaker, down, run, times } = setup();
    const slow = Array.from({ length: 5 }, () =>
      track(breaker().policy(() => new Promise((resolve) => clock.after(300, () => resolve('answer'))))(context())),
    );
    down.add('a');
    await times(16, run);
    expect(breaker().state).toBe('closed');
    await times(1, run);
    expect(breaker().state).toBe('open');
    await advance(300);
    expect(slow.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 5 }, () => 'answer'));
  });

  test('is ended by one answer', async () => {
    const { breaker, down, run, times } = setup();
    await times(100, run);
    for (let n = 0; n < 4; n++) {
      down.add('a');
      await times(11, run);
      down.delete('a');
      await times(1, run);
    }
    expect(breaker().state).toBe('closed');
  });

  test('does not count attempts that time out: those are late, not refused', async () => {
    const { breaker, times } = setup(['a'], { minimumCalls: 100 });
    const timeout = () => Promise.reject(Object.assign(remoteError(503), { code: 'attempt_timeout' }));
    await times(50, () => track(breaker().policy(timeout)(context())));
    expect(breaker().state).toBe('closed');
  });

  test('opens nothing unless asked for', async () => {
    const { breaker, down, run, times } = setup(['a'], { noticesOutages: false });
    await times(500, run);
    down.add('a');
    await times(200, run);
    expect(breaker().state).toBe('closed');
  });
});

describe('a call that finds every breaker open', () => {
  test('waits for the next half-open moment, probes, and is answered', async () => {
    const { open, down, run, events, balancer, sent } = setup();
    await open('a');
    const seen = run();
    await advance(249);
    expect([seen.outcome, balancer.waiting, sent]).toEqual(['pending', 1, []]);
    down.clear();
    await advance(1);
    expect([seen.outcome, balancer.waiting, seen.tookMs]).toEqual(['answer of a', 0, 250]);
    expect(events).toContainEqual({ type: 'waited', outcome: 'admitted', waitedMs: 250 });
    expect(pending()).toBe(0);
  });

  test('goes in the order of arrival: one probes, and all follow once it is answered', async () => {
    const { open, down, run, sent, breaker } = setup();
    await open('a');
    const calls: { readonly outcome: unknown }[] = [];
    for (let n = 0; n < 10; n++) calls.push(run());
    down.clear();
    await advance(250);
    expect([new Set(calls.map(({ outcome }) => outcome)), sent.length]).toEqual([new Set(['answer of a']), 10]);
    expect(breaker().state).toBe('closed');
  });

  test('five probe one after another while they fail at once; that does not lengthen the open time', async () => {
    const { open, run, sent, breaker } = setup();
    await open('a');
    const calls = Array.from({ length: 10 }, () => run());
    await advance(250);
    expect([sent.length, breaker().state, breaker().retryAfterMs]).toEqual([5, 'open', 250]);
    expect(calls.filter(({ outcome }) => outcome === 'remote_error')).toHaveLength(5);
    expect(calls.filter(({ outcome }) => outcome === 'pending')).toHaveLength(5);
    await advance(250);
    expect([sent.length, breaker().state, breaker().retryAfterMs]).toEqual([10, 'open', 250]);
  });

  test('a probe that fails late lengthens it, and is the only one', async () => {
    const { open, breaker, events } = setup();
    await open('a');
    await advance(250);
    expect(breaker().admits).toBe(true);
    track(
      breaker().policy(() => new Promise((_, reject) => clock.after(150, () => reject(remoteError(503)))))(context()),
    );
    await advance(150);
    expect(breaker().retryAfterMs).toBe(250);
    await advance(250);
    track(
      breaker().policy(() => new Promise((_, reject) => clock.after(150, () => reject(remoteError(503)))))(context()),
    );
    await advance(150);
    expect(breaker().retryAfterMs).toBe(500);
    expect(events.filter(({ type }) => type === 'breaker_transition')).toHaveLength(4);
  });

  test('waits for half of the deadline in the first two openings, and for a quarter of a second later', async () => {
    const { open, run, breaker, times } = setup(['a'], { openMs: 2_000, maxOpenMs: 2_000 }, { mostMs: 2_500 });
    await open('a');
    const first = run({ deadlineAt: clock.now() + 10_000 });
    expect(breaker().openings).toBe(1);
    await advance(2_000);
    expect(first.outcome).toBe('remote_error');
    await times(4, run);
    expect([breaker().openings, breaker().state]).toEqual([2, 'open']);
    await advance(2_000);
    await times(5, run);
    expect([breaker().openings, breaker().state]).toEqual([3, 'open']);
    await advance(1_749);
    const tooEarly = run({ deadlineAt: clock.now() + 10_000 });
    await advance(0);
    expect(tooEarly.outcome).toBe('breaker_open');
    await advance(1);
    const inTime = run({ deadlineAt: clock.now() + 10_000 });
    await advance(0);
    expect(inTime.outcome).toBe('pending');
  });

  test('is refused at once if the breaker opens again for longer than it may wait', async () => {
    const { open, run } = setup(['a'], {}, { mostMs: 400 });
    await open('a');
    const calls = Array.from({ length: 8 }, () => run());
    await advance(250);
    expect(calls.slice(5).map(({ outcome, tookMs }) => [outcome, tookMs])).toEqual(
      Array.from({ length: 3 }, () => ['breaker_open', 250]),
    );
  });

  test('is refused at once if its deadline is too near, or too many wait', async () => {
    const { open, run, balancer } = setup(['a'], {}, { maxWaiting: 3 });
    await open('a');
    const waiting = Array.from({ length: 2 }, () => run({ deadlineAt: clock.now() + 300 }));
    const hurried = run({ deadlineAt: clock.now() + 299 });
    await advance(0);
    waiting.push(run({ deadlineAt: clock.now() + 300 }));
    const tooMany = run();
    await advance(0);
    expect([hurried.outcome, tooMany.outcome, balancer.waiting]).toEqual(['breaker_open', 'breaker_open', 3]);
    await advance(250);
    expect(waiting.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 3 }, () => 'remote_error'));
  });

  test('leaves at once when its caller does, and leaves nothing behind', async () => {
    const { open, run, balancer, down } = setup();
    await open('a');
    const caller = new AbortController();
    const left = run({ signal: caller.signal });
    const { signal } = new AbortController();
    const stayed = run({ signal });
    await advance(100);
    caller.abort();
    await advance(0);
    expect([left.outcome, left.tookMs, balancer.waiting]).toEqual(['cancelled', 100, 1]);
    expect(getEventListeners(caller.signal, 'abort')).toEqual([]);
    down.clear();
    await advance(150);
    expect([stayed.outcome, pending()]).toEqual(['answer of a', 0]);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('is told of its wait', async () => {
    const { open, run, down } = setup();
    await open('a');
    const told: CallEvent[] = [];
    run({ watch: (event) => told.push(event) });
    down.clear();
    await advance(250);
    expect(told).toMatchObject([
      { type: 'waiting' },
      { type: 'waited', outcome: 'admitted', waitedMs: 250 },
      { type: 'breaker_admitted', state: 'half_open' },
      { type: 'breaker_verdict', verdict: 'success' },
    ]);
  });

  test('without `recovery`, is refused at once', async () => {
    const balancer = createBalancer({
      guard: () => createBreaker({ noticesOutages: true, clock, random: () => 0 }),
      clock,
      random: chance(),
    });
    balancer.update([{ origin: 'http://a', host: 'a' }]);
    const call = balancer.policy(() => Promise.reject(remoteError(503)));
    for (let n = 0; n < 12; n++) await call(context()).catch(() => undefined);
    await expect(call(context())).rejects.toMatchObject({ code: 'breaker_open' });
  });
});

describe('with several endpoints', () => {
  test('a call goes to whichever is back first', async () => {
    const { open, run, down, sent } = setup(['a', 'b']);
    await open('a');
    await advance(100);
    await open('a', 'b');
    const first = run();
    down.delete('a');
    await advance(149);
    expect([first.outcome, sent]).toEqual(['pending', []]);
    await advance(1);
    expect([first.outcome, sent]).toEqual(['answer of a', ['a']]);
    expect(pending()).toBe(0);
  });

  test('nobody waits while one admits, if that one may be left to take the calls', async () => {
    const { open, run, balancer } = setup(['a', 'b']);
    await open('a');
    const calls = Array.from({ length: 50 }, () => run());
    await advance(0);
    expect(new Set(calls.map(({ outcome }) => outcome))).toEqual(new Set(['answer of b']));
    expect(balancer.waiting).toBe(0);
  });

  test('calls that wait are not all moved to the few that still work', async () => {
    const { open, run, balancer, sent } = setup(['a', 'b', 'c']);
    await open('a', 'b');
    for (let n = 0; n < 30; n++) {
      run();
      await advance(1);
    }
    // Two of three are open, and no more than half may be left out.
    expect(sent.filter((host) => host === 'c').length).toBeLessThan(30);
    expect(balancer.waiting).toBeGreaterThan(0);
  });

  test('a new endpoint takes those that wait', async () => {
    const { open, run, update } = setup();
    await open('a');
    const seen = run();
    await advance(10);
    update(['a', 'new']);
    await advance(0);
    expect([seen.outcome, pending()]).toEqual(['answer of new', 0]);
  });

  test('nobody waits for endpoints that are gone', async () => {
    const { open, run, update } = setup();
    await open('a');
    const seen = run();
    await advance(10);
    update([]);
    await advance(0);
    expect(seen.outcome).toBe('breaker_open');
    expect(pending()).toBe(0);
  });
});

test('whatever the endpoints do, every call ends by the time it may wait, and nothing is left behind', async () => {
  const scenario = fc.record({
    phases: fc.array(fc.record({ down: fc.subarray(['a', 'b', 'c']), ms: fc.integer({ min: 1, max: 700 }) }), {
      maxLength: 8,
    }),
    everyMs: fc.integer({ min: 1, max: 40 }),
    leaveOneIn: fc.integer({ min: 2, max: 9 }),
    maxWaiting: fc.integer({ min: 1, max: 8 }),
    names: fc.constantFrom(['a'], ['a', 'b'], ['a', 'b', 'c']),
  });
  let waited = 0;
  await fc.assert(
    fc.asyncProperty(scenario, async ({ phases, everyMs, leaveOneIn, maxWaiting, names }) => {
      const { run, down, balancer, events } = setup(names, {}, { mostMs: 600, maxWaiting });
      const calls: ReturnType<typeof run>[] = [];
      for (const phase of phases) {
        down.clear();
        for (const host of phase.down) down.add(host);
        for (let ms = 0; ms < phase.ms; ms += everyMs) {
          const caller = new AbortController();
          if (calls.length % leaveOneIn === 0) clock.after(50, () => caller.abort());
          calls.push(run({ signal: caller.signal }));
          await advance(everyMs);
          expect(balancer.waiting).toBeLessThanOrEqual(maxWaiting);
        }
      }
      await advance(601);
      for (const { outcome, tookMs } of calls) {
        expect(outcome).not.toBe('pending');
        expect(tookMs).toBeLessThanOrEqual(600);
      }
      expect([balancer.waiting, pending()]).toEqual([0, 0]);
      waited += events.filter(({ type }) => type === 'waited').length;
    }),
    { numRuns: 60 },
  );
  expect(waited).toBeGreaterThan(0);
});
