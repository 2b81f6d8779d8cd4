import { describe, expect, test } from 'vitest';
import { type CallContext, CallError, type CallErrorCode, staleIfError, usableOnErrorMs } from '../src/index.ts';
import { context, remoteError, track, unreachable, useVirtualTime } from './virtual-time.ts';

const { clock, advance } = useVirtualTime();

function setup(maxBytes = 10_000) {
  let answer: () => { value: unknown; cacheControl?: string; ageMs?: number } = () => ({
    value: 'unset',
    cacheControl: '',
  });
  const call = staleIfError({ keyOf: ({ input }) => JSON.stringify(input), maxBytes, clock })<unknown>(
    async ({ notes }: CallContext) => {
      const { value, cacheControl, ageMs = 0 } = answer();
      notes.cacheControl = cacheControl;
      notes.ageMs = ageMs;
      return value;
    },
  );
  const ask = async (input: unknown = 'q', changes: Partial<CallContext> = {}) => {
    const ctx = context({
      input,
      notes: { attempts: 1, mayBeStale: true, cacheControl: undefined, staleMs: undefined, staleBecause: undefined },
      ...changes,
    });
    const seen = track(call(ctx));
    await advance(0);
    return { outcome: seen.outcome, staleMs: ctx.notes.staleMs, because: ctx.notes.staleBecause };
  };
  return {
    ask,
    answers: (value: unknown, cacheControl = 'max-age=0, stale-if-error=60', ageMs = 0) => {
      answer = () => ({ value, cacheControl, ageMs });
    },
    answersWithoutAWord: (value: unknown) => {
      answer = () => ({ value });
    },
    fails: (error: Error = remoteError(503)) => {
      answer = () => {
        throw error;
      };
    },
  };
}

describe('stale-if-error', () => {
  test('a failure is answered with the last good answer to the same question, and says how old it is and why', async () => {
    const { ask, answers, fails } = setup();
    answers('old');
    await ask();
    answers('newer');
    await ask();
    fails();
    await advance(30_000);
    expect(await ask()).toEqual({ outcome: 'newer', staleMs: 30_000, because: 'remote_error' });
    expect((await ask('another question')).outcome).toBe('remote_error');
  });

  test('a good answer is never replaced', async () => {
    const { ask, answers } = setup();
    answers('old');
    await ask();
    answers('new');
    expect(await ask()).toEqual({ outcome: 'new', staleMs: undefined, because: undefined });
  });

  test('only as long as the answer allows', async () => {
    const { ask, answers, fails } = setup();
    answers('old', 'max-age=10, stale-if-error=60');
    await ask();
    fails();
    await advance(70_000);
    expect((await ask()).outcome).toBe('old');
    await advance(1);
    expect((await ask()).outcome).toBe('remote_error');
  });

  test.each(['no-store', 'no-cache', 'must-revalidate', 'private'])(
    'never after %s, which also forgets',
    async (directive) => {
      const { ask, answers, fails } = setup();
      answers('old');
      await ask();
      answers('secret', `stale-if-error=60, ${directive.toUpperCase()}`);
      await ask();
      fails();
      expect((await ask()).outcome).toBe('remote_error');
    },
  );

  test.each<[CallErrorCode, string]>([
    ['unreachable', 'old'],
    ['breaker_open', 'old'],
    ['budget_exhausted', 'old'],
    ['deadline_exceeded', 'old'],
    ['bad_response', 'old'],
    ['overloaded', 'old'],
    ['cancelled', 'cancelled'],
    ['bad_request', 'bad_request'],
    ['remote_refused', 'remote_refused'],
  ])('%s → %s', async (code, outcome) => {
    const { ask, answers, fails } = setup();
    answers('old');
    await ask();
    fails(new CallError(code, ''));
    expect((await ask()).outcome).toBe(outcome);
  });

  test('a bug of ours is not hidden', async () => {
    const { ask, answers, fails } = setup();
    answers('old');
    await ask();
    fails(new TypeError('x is not a function'));
    expect((await ask()).outcome).toBeInstanceOf(TypeError);
  });

  test('what is not safe is neither kept nor replaced', async () => {
    const { ask, answers, fails } = setup();
    const operation = { name: 'order', safety: 'idempotent' } as const;
    answers('old');
    await ask('q', { operation });
    fails(unreachable());
    expect((await ask('q', { operation })).outcome).toBe('unreachable');
  });

  test.each(['unsafe', 'idempotent'] as const)(
    'a successful change forgets every stored answer of the downstream: %s',
    async (safety) => {
      let failing = false;
      const policy = staleIfError({ clock });
      const call = async ({ notes }: CallContext) => {
        if (failing) throw remoteError(503);
        notes.cacheControl = 'stale-if-error=60';
        return 'old';
      };
      const [read, write] = [policy(call), policy(call)];
      const notes = {
        attempts: 1,
        mayBeStale: true,
        cacheControl: undefined,
        staleMs: undefined,
        staleBecause: undefined,
      };
      const ask = async (one: typeof read, of: 'safe' | typeof safety) => {
        const ctx = context({ notes: { ...notes }, operation: { name: of, safety: of } });
        const seen = track(one(ctx));
        await advance(0);
        return seen.outcome;
      };
      await ask(read, 'safe');
      failing = true;
      expect(await ask(write, safety)).toBe('remote_error');
      expect(await ask(read, 'safe')).toBe('old');
      failing = false;
      await ask(write, safety);
      failing = true;
      expect(await ask(read, 'safe')).toBe('remote_error');
    },
  );

  test('an answer that says nothing about storing (shared with another call) changes nothing of what is stored', async () => {
    const { ask, answers, answersWithoutAWord, fails } = setup();
    answers('old');
    await ask();
    answersWithoutAWord('shared');
    expect((await ask()).outcome).toBe('shared');
    fails();
    expect((await ask()).outcome).toBe('old');
  });

  test('an empty answer is an answer', async () => {
    const { ask, answers, fails } = setup();
    answers(undefined);
    expect((await ask()).outcome).toBeUndefined();
    fails();
    expect(await ask()).toEqual({ outcome: undefined, staleMs: 0, because: 'remote_error' });
  });

  test('a caller who could not say so gets none', async () => {
    const { ask, answers, fails } = setup();
    answers('old');
    await ask();
    fails();
    const notes = {
      attempts: 1,
      mayBeStale: false,
      cacheControl: undefined,
      staleMs: undefined,
      staleBecause: undefined,
    };
    expect((await ask('q', { notes })).outcome).toBe('remote_error');
  });

  test('memory is bounded: the least used are forgotten', async () => {
    const { ask, answers, fails } = setup(2_000);
    answers('x'.repeat(200));
    for (let n = 0; n < 10; n++) await ask(n);
    fails();
    const kept = [];
    for (let n = 0; n < 10; n++) if ((await ask(n)).staleMs !== undefined) kept.push(n);
    expect(kept).toEqual([6, 7, 8, 9]);
  });

  test('memory is bounded: long questions count as well', async () => {
    const { ask, answers, fails } = setup(2_000);
    const question = (n: number) => `${n}`.padEnd(300);
    answers('x');
    for (let n = 0; n < 10; n++) await ask(question(n));
    fails();
    const kept = [];
    for (let n = 0; n < 10; n++) if ((await ask(question(n))).staleMs !== undefined) kept.push(n);
    expect(kept).toEqual([7, 8, 9]);
  });

  test('an answer that was old already, from a cache in between, is so much older', async () => {
    const { ask, answers, fails } = setup();
    answers('old', 'stale-if-error=60', 50_000);
    await ask();
    fails();
    await advance(10_000);
    expect(await ask()).toEqual({ outcome: 'old', staleMs: 60_000, because: 'remote_error' });
    await advance(1);
    expect((await ask()).outcome).toBe('remote_error');
  });

  test.each([
    ['stale-if-error=60', 60_000],
    ['max-age=10, stale-if-error=60', 70_000],
    ['max-age="10",stale-if-error="60"', 70_000],
    ['max-age=10', 0],
    ['', 0],
    ['stale-if-error=-1', 0],
    ['stale-if-error=soon', 0],
    ['stale-if-error=60s', 0],
    ['stale-if-error=60, no-store', 0],
    ['stale-if-error=60, NO-CACHE="set-cookie"', 0],
    // For shared caches; the edge is one.
    ['stale-if-error=60, proxy-revalidate', 0],
    ['stale-if-error=60, s-maxage=10', 0],
    // The first of two counts.
    ['stale-if-error=0, stale-if-error=60', 0],
    ['stale-if-error=60, stale-if-error=0', 60_000],
    // Within quotes nothing is a directive.
    ['extension="a, stale-if-error=60"', 0],
    ['extension="no-store", stale-if-error=60', 60_000],
  ])('Cache-Control: %s allows %i ms', (cacheControl, ms) => {
    expect(usableOnErrorMs(cacheControl)).toBe(ms);
  });
});
