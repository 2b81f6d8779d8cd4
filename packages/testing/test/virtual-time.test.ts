import { callContext, deadline } from '@halfopen/resilience';
import { expect, test, vi } from 'vitest';
import { chance, taking, track, virtualTime } from '../src/index.ts';

test('a policy runs on it without sleeping, as the docstring shows', async () => {
  const time = virtualTime();
  const slow = deadline({ timeoutMs: 2_000, clock: time.clock })(taking(5_000, 'answer', time.clock))(callContext());
  const seen = track(slow, time.clock);
  await time.advance(1_999);
  expect(seen.outcome).toBe('pending');
  await time.advance(1);
  expect(seen.outcome).toBe('deadline_exceeded');
  expect(time.pending()).toBe(0);
});

test('timers run in order, each after the promises of the one before, and those that they set run, too', async () => {
  const { clock, advance } = virtualTime();
  const zero = clock.now();
  const log: string[] = [];
  const note = (what: string) => log.push(`${what} at ${clock.now() - zero}`);
  clock.after(20, () => note('third'));
  clock.after(10, () => {
    note('first');
    void Promise.resolve().then(() => note('its promise'));
    clock.after(5, () => note('its timer'));
  });
  clock.after(10, () => note('second'));
  const cancel = clock.after(12, () => note('cancelled'));
  cancel();
  await advance(30);
  expect(log).toEqual(['first at 10', 'its promise at 10', 'second at 10', 'its timer at 15', 'third at 20']);
  expect(clock.now() - zero).toBe(30);
});

test('it goes from timer to timer, and says when there is none left', async () => {
  const { clock, advanceToNext, pending } = virtualTime();
  const zero = clock.now();
  clock.after(1_000, () => undefined);
  clock.after(60_000, () => undefined);
  expect(pending()).toBe(2);
  expect([await advanceToNext(), clock.now() - zero]).toEqual([true, 1_000]);
  expect([await advanceToNext(), clock.now() - zero]).toEqual([true, 60_000]);
  expect([await advanceToNext(), clock.now() - zero]).toEqual([false, 60_000]);
});

test('faked global timers neither move it nor hold it up', async () => {
  vi.useFakeTimers();
  try {
    const { clock, advance } = virtualTime();
    let fired = false;
    clock.after(10, () => {
      fired = true;
    });
    vi.advanceTimersByTime(100);
    expect(fired).toBe(false);
    await advance(10);
    expect(fired).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});

test('chance repeats itself with the same seed, and is spread over [0, 1)', () => {
  const draw = (seed: number) => Array.from({ length: 1_000 }, chance(seed));
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
  expect(Math.min(...draw(1))).toBeGreaterThanOrEqual(0);
  expect(Math.max(...draw(1))).toBeLessThan(1);
  const mean = draw(1).reduce((sum, one) => sum + one, 0) / 1_000;
  expect(mean).toBeGreaterThan(0.45);
  expect(mean).toBeLessThan(0.55);
});
