import { describe, expect, test } from 'vitest';
import { attemptTimeout, type Call } from '../src/index.ts';
import { context, remoteError, taking, track, useVirtualTime } from './virtual-time.ts';

const { clock, advance, pending } = useVirtualTime();

describe('attempt timeout', () => {
  const limited = attemptTimeout({ timeoutMs: 500, clock });

  test('passes values and errors through', async () => {
    await expect(limited(async () => 'answer')(context())).resolves.toBe('answer');
    await expect(limited(() => Promise.reject(remoteError(503)))(context())).rejects.toMatchObject({ status: 503 });
    expect(pending()).toBe(0);
  });

  test('aborts an attempt that takes too long', async () => {
    const seen = track(limited(taking(60_000, 'late'))(context()));
    await advance(500);
    expect(seen.outcome).toBe('attempt_timeout');
    expect(pending()).toBe(0);
  });

  test('says that the work may have been done, and which limit it was', async () => {
    const error = limited<unknown>(taking(60_000, 'late'))(context()).catch((reason: unknown) => reason);
    await advance(500);
    expect(await error).toMatchObject({ sent: 'perhaps', message: expect.stringContaining('500 ms') });
  });

  test('reports when the aborted work has ended, not before: whoever counts attempts counts what is true', async () => {
    const seen = track(limited(() => new Promise((resolve) => clock.after(700, () => resolve('late'))))(context()));
    await advance(699);
    expect(seen.outcome).toBe('pending');
    await advance(1);
    expect(seen.outcome, 'too late is too late, even if it ended well').toBe('attempt_timeout');
  });

  test('a timer that fires 100 ms late says that this process was stalled; one that is less late does not', async () => {
    const lateBy = async (ms: number) => {
      let behindMs = 0;
      const behind = { ...clock, now: () => clock.now() + behindMs };
      const patient = attemptTimeout({ timeoutMs: 500, clock: behind });
      const error = patient<unknown>(taking(60_000, 'late'))(context()).catch((reason: unknown) => reason);
      await advance(499);
      behindMs = ms;
      await advance(1);
      return error;
    };
    expect(await lateBy(99)).toMatchObject({ code: 'attempt_timeout', ownStall: false });
    expect(await lateBy(100)).toMatchObject({ code: 'attempt_timeout', ownStall: true });
  });

  describe('a stall in the middle of an attempt', () => {
    /** The clock jumps by so much after 120 ms. The next look is due at 200 ms. */
    const stalled = (stallMs: number, work: Call<string>) => {
      let behindMs = 0;
      const behind = { ...clock, now: () => clock.now() + behindMs };
      const ctx = context();
      const seen = attemptTimeout({ timeoutMs: 500, clock: behind })(work)(ctx).catch((reason: unknown) => reason);
      return {
        ctx,
        run: async (afterMs: number) => {
          await advance(120);
          behindMs = stallMs;
          await advance(afterMs);
          return seen;
        },
      };
    };

    test.each([
      [249, false],
      [250, true],
      [370, true],
    ])('of %i ms: a timeout after it is our own stall: %s', async (stallMs, ownStall) => {
      const { run } = stalled(stallMs, taking(60_000, 'late'));
      expect(await run(500 - 120)).toMatchObject({ code: 'attempt_timeout', ownStall });
    });

    test.each([
      [240, undefined],
      [250, 1],
    ])('of %i ms: a success just after it, before anybody has looked, is noted: %s', async (stallMs, attempt) => {
      const { run, ctx } = stalled(stallMs + 79, taking(121, 'answer'));
      expect(await run(1)).toBe('answer');
      expect(ctx.notes.stalledAttempt).toBe(attempt);
    });

    test.each([
      [249, false],
      [250, true],
    ])('of %i ms: so is a deadline from outside that passes after it: %s', async (stallMs, ownStall) => {
      let behindMs = 0;
      const behind = { ...clock, now: () => clock.now() + behindMs };
      const caller = new AbortController();
      const seen = attemptTimeout({ timeoutMs: 500, clock: behind })(taking(60_000, 'late'))(
        context({ signal: caller.signal }),
      ).catch((reason: unknown) => reason);
      await advance(120);
      behindMs = stallMs;
      await advance(80);
      caller.abort(Object.assign(new Error('no answer before the deadline'), { code: 'deadline_exceeded' }));
      expect(await seen).toMatchObject({ code: 'deadline_exceeded', ownStall });
    });

    test('many short ones are what a busy machine does', async () => {
      let behindMs = 0;
      const behind = { ...clock, now: () => clock.now() + behindMs };
      const seen = attemptTimeout({ timeoutMs: 500, clock: behind })(taking(60_000, 'late'))(context()).catch(
        (reason: unknown) => reason,
      );
      for (let n = 0; n < 5; n++) {
        behindMs += 90;
        await advance(100);
      }
      expect(await seen).toMatchObject({ code: 'attempt_timeout', ownStall: false });
    });
  });

  test('a success after the limit was let through by a stall: the attempt is noted as stalled', async () => {
    let behindMs = 0;
    const behind = { ...clock, now: () => clock.now() + behindMs };
    const patient = attemptTimeout({ timeoutMs: 500, clock: behind });
    const [inTime, tooLate] = [context(), context()];
    const first = patient(taking(499, 'answer'))(inTime);
    const second = patient(taking(499, 'answer'))(tooLate);
    await advance(498);
    expect(inTime.notes.stalledAttempt).toBeUndefined();
    behindMs = 3;
    await advance(1);
    await expect(second).resolves.toBe('answer');
    await first;
    expect(tooLate.notes.stalledAttempt).toBe(1);
  });

  test('does not touch its siblings (opossum #780: one timeout aborted 20 of 20)', async () => {
    const slow = track(limited(taking(60_000, 'late'))(context()));
    await advance(400);
    const healthy = Array.from({ length: 20 }, () => track(limited(taking(300, 'answer'))(context())));
    await advance(300);
    expect(slow.outcome).toBe('attempt_timeout');
    expect(healthy.map(({ outcome }) => outcome)).toEqual(Array(20).fill('answer'));
  });
});
