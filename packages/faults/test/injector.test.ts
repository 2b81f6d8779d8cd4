import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Injector } from '../src/index.ts';
import { parsePlan } from '../src/plan.ts';
import { host } from './host.ts';

const begun: string[] = [];
const spun: number[] = [];
let injector: Injector;
const use = (plan: unknown) => injector.use(parsePlan(plan, host));
const pick = (requestId: string, more: { operation?: string; userAgent?: string } = {}) =>
  injector.pick({ requestId, attempt: '1', operation: undefined, userAgent: undefined, ...more })?.id;
const pass = (ms: number) => {
  vi.advanceTimersByTime(ms);
};

beforeEach(() => {
  vi.useFakeTimers();
  begun.length = 0;
  spun.length = 0;
  injector = new Injector({ onBegun: (id) => begun.push(id), spin: (ms) => spun.push(ms) });
});
afterEach(() => {
  injector.clear();
  vi.useRealTimers();
});

describe('the plan in force', () => {
  test('is empty at first, and again once it is taken back', () => {
    const empty = { seed: 1, forMs: 3_600_000, faults: [], injected: {}, leftMs: {} };
    expect(injector.status).toEqual(empty);
    use({ faults: [{ id: 'a', reset: true }] });
    injector.clear();
    expect(injector.status).toEqual(empty);
    expect(pick('x')).toBeUndefined();
  });

  test('the first fault that hits is played, and counted', () => {
    use({
      faults: [
        { id: 'never', rate: 0, reset: true },
        { id: 'a', reset: true },
        { id: 'b', hang: true },
      ],
    });
    expect(['x', 'y'].map((id) => pick(id))).toEqual(['a', 'a']);
    expect(injector.status.injected).toEqual({ never: 0, a: 2, b: 0 });
  });

  test('count: stops after so many hits, others go on, and a new plan begins at 0', () => {
    const plan = {
      faults: [
        { id: 'twice', count: 2, reset: true },
        { id: 'rest', status: 503 },
      ],
    };
    use(plan);
    expect(['1', '2', '3', '4'].map((id) => pick(id))).toEqual(['twice', 'twice', 'rest', 'rest']);
    expect(injector.status.injected).toEqual({ twice: 2, rest: 2 });
    expect(injector.status.leftMs).toEqual({ twice: 0, rest: 3_600_000 });
    use(plan);
    expect(injector.status.injected).toEqual({ twice: 0, rest: 0 });
    expect(pick('5')).toBe('twice');
  });

  test('forMs: a fault stops by itself, the plan says how long is left', () => {
    use({
      faults: [
        { id: 'short', forMs: 500, reset: true },
        { id: 'long', status: 503 },
      ],
    });
    pass(499);
    expect(pick('x')).toBe('short');
    expect(injector.status.leftMs).toEqual({ short: 1, long: 3_599_501 });
    pass(1);
    expect(pick('x')).toBe('long');
    expect(injector.status.leftMs).toEqual({ short: 0, long: 3_599_500 });
  });

  test('a plan stops by itself, and so does what would outlast it', () => {
    use({ forMs: 1_000, faults: [{ id: 'a', forMs: 5_000, reset: true }] });
    expect(injector.status.leftMs).toEqual({ a: 1_000 });
    pass(1_000);
    expect(pick('x')).toBeUndefined();
    expect(injector.status).toMatchObject({ leftMs: { a: 0 }, injected: { a: 0 } });
  });

  test('a plan that does not say how long stops after an hour', () => {
    use({ faults: [{ id: 'a', reset: true }] });
    pass(3_599_999);
    expect(pick('x')).toBe('a');
    pass(1);
    expect(pick('x')).toBeUndefined();
  });

  test('operation and caller: only those', () => {
    use({
      faults: [
        { id: 'both', operation: 'hello', caller: 'Halfopen-Edge', reset: true },
        { id: 'hello', operation: 'hello', reset: true },
        { id: 'curl', caller: 'curl', reset: true },
      ],
    });
    expect(pick('x', { operation: 'hello', userAgent: 'halfopen-edge' })).toBe('both');
    expect(pick('x', { operation: 'hello', userAgent: 'curl/8.5.0' })).toBe('hello');
    expect(pick('x', { operation: 'goodbye', userAgent: 'CURL/8.5.0 (x86_64)' })).toBe('curl');
    expect(pick('x', { operation: 'goodbye', userAgent: 'curlew/1.0' })).toBeUndefined();
    expect(pick('x', { operation: 'goodbye', userAgent: 'Mozilla/5.0 curl/8.5.0' })).toBeUndefined();
    expect(pick('x')).toBeUndefined();
  });
});

describe('faults of the process', () => {
  test('begin with the plan, fire once, and hit no request', () => {
    use({
      faults: [
        { id: 'busy', cpu: 0.5 },
        { id: 'gone', notReady: true },
      ],
    });
    expect(begun).toEqual(['busy', 'gone']);
    expect(pick('x')).toBeUndefined();
    expect(injector.status).toMatchObject({ injected: { busy: 1, gone: 1 }, leftMs: { busy: 3_600_000 } });
  });

  test('notReady: while it is in force', () => {
    expect(injector.notReady).toBeUndefined();
    use({ faults: [{ id: 'gone', notReady: true, forMs: 100 }] });
    expect(injector.notReady).toBe('gone');
    pass(100);
    expect(injector.notReady).toBeUndefined();
  });

  test('cpu: its share of each slice, until its time is up', () => {
    use({ faults: [{ id: 'busy', cpu: 0.25, forMs: 1_000 }] });
    pass(5_000);
    expect(new Set(spun)).toEqual(new Set([5]));
    // Spinning takes no time on this clock: what is left of a slice is 15 ms, 67 times in a second.
    expect(spun).toHaveLength(67);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('cpu: several together are one core at the most, and even then the event loop has its turn', () => {
    use({
      faults: [
        { id: 'a', cpu: 0.75 },
        { id: 'b', cpu: 0.75 },
      ],
    });
    pass(100);
    expect(Math.max(...spun)).toBe(20);
    injector.clear();
    expect(vi.getTimerCount()).toBe(0);
  });
});
