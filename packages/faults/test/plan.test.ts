import { describe, expect, test } from 'vitest';
import { chanceOf } from '../src/decide.ts';
import { Injector } from '../src/index.ts';
import { type Fault, parseFaultHeader, parsePlan } from '../src/plan.ts';

describe('plan', () => {
  test('a good plan, with its defaults', () => {
    expect(
      parsePlan({
        faults: [
          { id: 'slow-third', rate: 0.33, delayMs: 800, jitterMs: 100 },
          { id: 'down', status: 503 },
        ],
      }),
    ).toEqual({
      seed: 1,
      faults: [
        { id: 'slow-third', rate: 0.33, delayMs: 800, jitterMs: 100 },
        { id: 'down', rate: 1, status: 503 },
      ],
    });
  });

  test.each([
    [null, 'the plan: '],
    [[], 'the plan: '],
    ['{}', 'the plan: '],
    [{}, 'faults: '],
    [{ faults: {} }, 'faults: '],
    [{ faults: [], sead: 1 }, '"sead"'],
    [{ seed: -1, faults: [] }, 'seed: '],
    [{ faults: [{ id: 'a', rate: 1.5, reset: true }] }, 'faults[0].rate: '],
    [
      {
        faults: [
          { id: 'a', reset: true },
          { id: 'a', hang: true },
        ],
      },
      'faults[1].id: "a" is taken',
    ],
    [{ faults: [{ id: 'a' }] }, 'faults[0]: does nothing'],
    [{ faults: [{ id: 'a', reset: true, status: 500 }] }, 'faults[0]: has status and reset'],
    [{ faults: [{ id: 'a', status: 200 }] }, 'faults[0].status: '],
    [{ faults: [{ id: 'a', delayMs: 60_001 }] }, 'faults[0].delayMs: '],
    [{ faults: [{ id: 'a', jitterMs: 5, hang: true }] }, 'faults[0].jitterMs: needs delayMs'],
    [{ faults: [{ id: 'a', retryAfter: 5, hang: true }] }, 'faults[0].retryAfter: needs status'],
    [{ faults: [{ id: 'a', reset: false }] }, 'faults[0].reset: '],
    [{ faults: [{ id: 'a b', reset: true }] }, 'faults[0].id: must be'],
    [{ faults: [{ id: 'a', resett: true }] }, '"resett"'],
  ])('%j is refused whole, with the path of the mistake', (plan, mistake) => {
    expect(() => parsePlan(plan)).toThrow(mistake);
  });

  test('every mistake is named', () => {
    expect(() => parsePlan({ seed: 'x', faults: [{ id: '', rate: 2 }] })).toThrow(
      /seed: .*faults\[0\]\.id: .*faults\[0\]\.rate: /,
    );
  });
});

describe('x-fault', () => {
  test.each([
    ['reset', { reset: true }],
    ['status=503', { status: 503 }],
    ['delay=800', { delayMs: 800 }],
    ['delay=800, status=503,retryAfter=2', { delayMs: 800, status: 503, retryAfter: 2 }],
    ['delay=10,jitter=5', { delayMs: 10, jitterMs: 5 }],
  ])('%s', (header, fault) => {
    expect(parseFaultHeader(header)).toEqual({ id: 'x-fault', rate: 1, ...fault });
  });

  test.each([
    '',
    'explode',
    'status',
    'status=abc',
    'status=200',
    'delay=-1',
    'reset=1',
    'reset,hang',
    ',',
    '__proto__=1',
    'id=x',
    'delay=1e9',
  ])('%j is refused', (header) => {
    expect(() => parseFaultHeader(header)).toThrow('is refused');
  });
});

describe('who is hit', () => {
  const requests = Array.from({ length: 10_000 }, (_, n) => `request-${n}`);

  test('is decided by seed, fault, request and attempt alone', () => {
    const plan = parsePlan({ seed: 7, faults: [{ id: 'a', rate: 0.3, reset: true }] });
    const victims = (order: string[]) => {
      const injector = new Injector();
      injector.use(plan);
      return new Set(order.filter((id) => injector.pick(id, '1') !== undefined));
    };
    expect(victims(requests.toReversed())).toEqual(victims(requests));
  });

  test('as often as the rate says (within four standard deviations), anew for each attempt', () => {
    for (const rate of [0.01, 0.33, 0.5, 0.9]) {
      for (const attempt of ['1', '2']) {
        const hits = requests.filter((id) => chanceOf(1, 'a', id, attempt) < rate).length;
        expect(Math.abs(hits - 10_000 * rate)).toBeLessThan(4 * Math.sqrt(10_000 * rate * (1 - rate)));
      }
    }
  });

  test('independently for two faults, two attempts and two seeds', () => {
    const pairs: [number, string, string][] = [
      [1, 'b', '1'],
      [1, 'a', '2'],
      [2, 'a', '1'],
    ];
    for (const [seed, fault, attempt] of pairs) {
      const both = requests.filter(
        (id) => chanceOf(1, 'a', id, '1') < 0.5 && chanceOf(seed, fault, id, attempt) < 0.5,
      ).length;
      expect(Math.abs(both - 2_500)).toBeLessThan(4 * Math.sqrt(10_000 * 0.25 * 0.75));
    }
  });

  test('count stops a fault; a new plan counts anew', () => {
    const injector = new Injector();
    const plan = parsePlan({ faults: [{ id: 'twice', count: 2, reset: true }] });
    injector.use(plan);
    expect(requests.slice(0, 5).map((id) => injector.pick(id, '1')?.id)).toEqual([
      'twice',
      'twice',
      undefined,
      undefined,
      undefined,
    ]);
    expect(injector.injected).toEqual({ twice: 2 });
    injector.use(plan);
    expect(injector.injected).toEqual({ twice: 0 });
  });

  test('jitter stays within its bounds and belongs to the request', () => {
    const injector = new Injector();
    injector.use(parsePlan({ faults: [{ id: 'slow', delayMs: 100, jitterMs: 50 }] }));
    const fault = injector.pick('x', '1') as Fault;
    const delays = requests.map((id) => injector.delayMs(fault, id, '1'));
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(100);
    expect(Math.max(...delays)).toBeLessThan(150);
    expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(45);
    expect(requests.map((id) => injector.delayMs(fault, id, '1'))).toEqual(delays);
  });
});
