import { defineContract, defineOperation } from '@halfopen/contracts';
import { chance, track, virtualTime } from '@halfopen/resilience/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import {
  CallError,
  type CallObserver,
  createDownstream,
  type DownstreamGauges,
  type DownstreamOptions,
  type Transport,
  type TransportResponse,
} from '../src/index.ts';

const contract = defineContract({
  name: 'shop',
  title: 'Shop',
  description: 'For tests.',
  version: '1.0.0',
  operations: {
    find: defineOperation({
      name: 'find',
      method: 'GET',
      path: '/find',
      safety: 'safe',
      summary: 'Finds',
      query: z.object({ id: z.string() }),
      response: z.object({ price: z.number() }),
      problems: [],
    }),
  },
});

const found: TransportResponse = {
  status: 200,
  contentType: 'application/json',
  contentEncoding: undefined,
  cacheControl: undefined,
  retryAfterMs: undefined,
  fault: undefined,
  body: new TextEncoder().encode('{"price":1}'),
};
const refused = () => Promise.reject(new CallError('unreachable', 'refused'));

function setup(send: Transport['send'], options: DownstreamOptions = {}) {
  const time = virtualTime();
  const origins: (string | undefined)[] = [];
  const shop = createDownstream(contract, ['http://127.0.0.1:1', 'http://127.0.0.1:2'], {
    clock: time.clock,
    random: chance(),
    transport: () => ({
      send: (request, context) => {
        origins.push(context.endpoint?.origin);
        return send(request, context);
      },
      forget: () => undefined,
      close: async () => undefined,
    }),
    ...options,
  });
  onTestFinished(() => shop.close());
  const find = (headers: Record<string, string> = {}) => track(shop.client.find({ id: '1' }, { headers }), time.clock);
  return { shop, time, find, origins };
}

describe('with nothing but a contract and an origin', () => {
  test('it is the standard policy, complete', async () => {
    const shop = createDownstream(contract, 'http://127.0.0.1:1');
    onTestFinished(() => shop.close());
    expect(shop.status()).toEqual({
      policy: 'standard',
      breaker: 'closed',
      retryBudgetRemaining: 3,
      retryBudgetCapacity: 20,
      inFlight: 0,
      maxInFlight: 128,
      queued: 0,
      maxQueued: 64,
      endpoints: [
        { url: 'http://127.0.0.1:1', breaker: 'closed', breakerRetryAfterMs: 0, ejectedForMs: 0, inFlight: 0 },
      ],
    });
  });

  test('a failed attempt is retried at another endpoint, and a hanging one is cut off', async () => {
    let sent = 0;
    const { find, time, origins } = setup(async ({ target }, { signal }) => {
      expect(target).toBe('/find?id=1');
      if (++sent === 1) return refused();
      if (sent === 2) {
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        });
      }
      return found;
    });
    const call = find();
    await time.advance(1_700);
    expect(call.outcome).toEqual({ price: 1 });
    expect(new Set(origins.slice(0, 2)).size).toBe(2);
    expect(time.pending(), 'no timer outlives the call').toBe(0);
  });

  test('breakers open in an outage, and the budget bounds retries', async () => {
    const { find, time, shop, origins } = setup(refused);
    const calls = Array.from({ length: 60 }, () => find());
    await time.advance(2_000);
    expect(calls.map(({ outcome }) => outcome)).not.toContain('pending');
    expect(shop.status().retryBudgetRemaining).toBe(0);
    expect(origins.length).toBeLessThanOrEqual(60 + 3);
    const later = Array.from({ length: 60 }, () => find());
    await time.advance(0);
    expect(later.at(-1)?.outcome).toBe('breaker_open');
  });
});

test('`none` is a bare call: no retry, no timeout, no breaker', async () => {
  const { find, time, shop } = setup(refused, { policy: 'none' });
  const calls = Array.from({ length: 60 }, () => find());
  await time.advance(0);
  expect(new Set(calls.map(({ outcome }) => outcome))).toEqual(new Set(['unreachable']));
  expect(shop.status()).toMatchObject({ policy: 'none', breaker: 'closed', retryBudgetRemaining: 3 });
});

test('an answer is shared by callers who ask the same, and by no others', async () => {
  const { find, time, origins } = setup(
    async () => {
      await new Promise<void>((resolve) => time.clock.after(10, resolve));
      return found;
    },
    { coalesce: true },
  );
  const calls = [
    find({ authorization: 'John', 'x-request-id': '1', traceparent: 'a' }),
    find({ authorization: 'John', 'x-request-id': '2', traceparent: 'b' }),
    find({ authorization: 'Jane' }),
  ];
  await time.advance(10);
  expect(calls.map(({ outcome }) => outcome)).toEqual([{ price: 1 }, { price: 1 }, { price: 1 }]);
  expect(origins).toHaveLength(2);
});

test('observers see calls, attempts, decisions and gauges', async () => {
  const seen: string[] = [];
  let gauges: DownstreamGauges | undefined;
  const observer: CallObserver = {
    call: (next) => (context) => {
      seen.push('call');
      return next(context);
    },
    attempt: (next) => (context) => {
      seen.push(`attempt ${context.attempt}`);
      return next(context);
    },
    onEvent: ({ type }) => seen.push(type),
    watch: (readable) => {
      gauges = readable;
    },
  };
  const events: unknown[] = [];
  const { find, time } = setup(refused, {
    attempts: 2,
    breakerMinimumCalls: 1,
    observers: [observer],
    onEvent: ({ type }, endpoint) => events.push([type, endpoint?.host]),
  });
  find();
  await time.advance(1_000);
  expect(seen.filter((what) => what !== 'breaker_transition')).toEqual(['call', 'attempt 1', 'retry', 'attempt 2']);
  expect(events).toContainEqual(['retry', undefined]);
  expect(events).toContainEqual(['breaker_transition', '127.0.0.1:1']);
  expect(gauges?.retryBudgetRemaining()).toBe(2);
  expect(gauges?.inFlight()).toBe(0);
  expect(gauges?.breakers()).toContainEqual({ endpoint: 'http://127.0.0.1:1', state: 'half_open' });
});

describe('is refused', () => {
  const refusal = (options: object, origins: string | string[] = 'http://127.0.0.1:1') => {
    try {
      createDownstream(contract, origins, options);
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
      return (error as Error).message;
    }
    return 'nothing';
  };

  test.each([
    [{ attempts: 0 }, 'attempts is 0, but must be a whole number of at least 1'],
    [{ attempts: 2.5 }, 'attempts is 2.5'],
    [{ deadlineMs: 0 }, 'deadlineMs is 0, but must be milliseconds of at least 1'],
    [{ deadlineMs: Number.NaN }, 'deadlineMs is NaN'],
    [{ attemptTimeoutMs: -1 }, 'attemptTimeoutMs is -1'],
    [{ backoffBaseMs: -1 }, 'backoffBaseMs is -1'],
    [{ backoffCapMs: Number.POSITIVE_INFINITY }, 'backoffCapMs is Infinity'],
    [{ retryBudget: -1 }, 'retryBudget is -1'],
    [{ retryRatio: 2 }, 'retryRatio is 2, but must be a number from 0 to 1'],
    [{ maxInFlight: 0 }, 'maxInFlight is 0, but must be a whole number of at least 1'],
    [{ maxQueued: -1 }, 'maxQueued is -1'],
    [{ breakerWindowMs: 50 }, 'breakerWindowMs is 50, but must be milliseconds of at least 100'],
    [{ breakerMinimumCalls: 0 }, 'breakerMinimumCalls is 0'],
    [{ breakerFailureRate: 1 }, 'breakerFailureRate is 1, but must be a number from 0 below 1'],
    [{ breakerSlowShare: 0 }, 'breakerSlowShare is 0, but must be a number above 0 to 1'],
    [{ breakerOpenMs: 0 }, 'breakerOpenMs is 0'],
    [{ breakerMaxOpenMs: 0 }, 'breakerMaxOpenMs is 0'],
    [{ policy: 'best' }, 'policy is best, but must be standard or none'],
    [{ attemptTimeout: 300 }, 'attemptTimeout is not an option; there are policy, deadlineMs, attempts'],
  ])('%j', (options, message) => {
    expect(refusal(options)).toContain(message);
  });

  test.each([
    [{ attemptTimeoutMs: 3_000 }, 'attemptTimeoutMs is 3000, but must be at most deadlineMs, which is 2000'],
    [{ backoffBaseMs: 200, backoffCapMs: 100 }, 'backoffBaseMs is 200, but must be at most backoffCapMs, which is 100'],
    [{ breakerOpenMs: 2_000 }, 'breakerOpenMs is 2000, but must be at most breakerMaxOpenMs, which is 1000'],
    [{ hedge: true, retryBudget: 0 }, 'hedge is true, but retryBudget is 0'],
  ])('what contradicts itself: %j', (options, message) => {
    expect(refusal(options)).toContain(message);
  });

  test.each([
    ['greeter:5000', 'origins has "greeter:5000", but must be scheme, host and port'],
    ['http://greeter/hello', 'origins has "http://greeter/hello"'],
    ['ftp://greeter', 'origins has "ftp://greeter"'],
    ['', 'origins has ""'],
    ['http://me:s3cret@greeter', 'origins has a value with an @'],
  ])('the origin %s', (origin, message) => {
    expect(refusal({}, ['http://127.0.0.1:1', origin])).toContain(message);
    expect(refusal({}, origin)).not.toContain('s3cret');
  });

  test('no origin at all', () => {
    expect(refusal({}, [])).toBe('origins is empty, but must name at least one');
  });

  test.each([{ deadlineMs: 100 }, { backoffCapMs: 10 }, { breakerMaxOpenMs: 50 }])(
    'not the default below a cap: %j',
    (options) => {
      expect(refusal(options)).toBe('nothing');
    },
  );
});

describe('with patience', () => {
  const slow: (ms: number) => Transport['send'] = (ms) => (_request, context) => {
    return new Promise((resolve, reject) => {
      const cancel = later(ms, () => resolve(found));
      context.signal.addEventListener('abort', () => {
        cancel();
        reject(context.signal.reason as Error);
      });
    });
  };
  let later: (ms: number, run: () => void) => () => void = () => () => undefined;
  const patient = (send: Transport['send'], options: DownstreamOptions = {}) => {
    const all = setup(send, { patience: true, ...options });
    later = (ms, run) => all.time.clock.after(ms, run);
    return all;
  };

  test('a downstream that answers everybody slowly answers everybody', async () => {
    const { find, time, shop, origins } = patient(slow(1_200));
    const calls: { readonly outcome: unknown }[] = [];
    for (let n = 0; n < 200; n++) {
      calls.push(find());
      // oxlint-disable-next-line no-await-in-loop -- one after the other is the point
      await time.advance(40);
    }
    await time.advance(2_000);
    expect(new Set(calls.map(({ outcome }) => JSON.stringify(outcome)))).toEqual(new Set(['{"price":1}']));
    expect([shop.status().breaker, time.pending()]).toEqual(['closed', 0]);
    // Until it is known that answers are usually slow: the budget at the start, and what the first twenty answers earn.
    expect(origins.length).toBeLessThanOrEqual(200 + 3 + 2);
  });

  test('a call that waits for an endpoint that hangs is answered by another one, as far as the budget pays', async () => {
    const { find, time } = patient((request, context) =>
      context.endpoint?.origin === 'http://127.0.0.1:1' ? slow(60_000)(request, context) : slow(2)(request, context),
    );
    const calls: { readonly call: ReturnType<typeof find>; readonly startedAt: number }[] = [];
    for (let n = 0; n < 200; n++) {
      calls.push({ call: find(), startedAt: time.clock.now() });
      // oxlint-disable-next-line no-await-in-loop -- one after the other is the point
      await time.advance(10);
    }
    await time.advance(2_000);
    const answered = calls
      .filter(({ call }) => JSON.stringify(call.outcome) === '{"price":1}')
      .map(({ call, startedAt }) => ({ tookMs: (call.atMs ?? 0) - startedAt }));
    const saved = answered.filter(({ tookMs }) => tookMs >= 500);
    expect(answered.length).toBeGreaterThanOrEqual(190);
    expect(saved.length).toBeGreaterThanOrEqual(3);
    expect(Math.max(...saved.map(({ tookMs }) => tookMs))).toBeLessThanOrEqual(510);
  });

  test('no attempt timeout ends an attempt, and status counts what is late', async () => {
    const { find, time, shop } = patient(slow(60_000), { attemptTimeoutMs: 100, deadlineMs: 300 });
    const calls = [find(), find(), find()];
    await time.advance(150);
    const late = shop.status().endpoints.reduce((sum, endpoint) => sum + (endpoint.late ?? 0), 0);
    expect(late).toBe(3);
    await time.advance(150);
    expect(calls.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 3 }, () => 'deadline_exceeded'));
  });
});

test('with waitForReady, an outage of half a second costs time and no answer, and a long one fails fast', async () => {
  let isDown = false;
  const { find, time, shop } = setup(async () => (isDown ? refused() : found), {
    waitForReady: true,
    maxInFlight: 256,
  });
  const calls: { readonly outcome: unknown; readonly atMs: number | undefined }[] = [];
  const stream = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 10) {
      calls.push(find());
      // oxlint-disable-next-line no-await-in-loop -- one after the other is the point
      await time.advance(10);
    }
  };
  await stream(3_000);
  calls.length = 0;
  isDown = true;
  await stream(500);
  isDown = false;
  await time.advance(1_000);
  const answered = calls.filter(({ outcome }) => JSON.stringify(outcome) === '{"price":1}');
  // Each of two breakers needs its own run of failures.
  expect(answered.length).toBeGreaterThanOrEqual(calls.length - 2 * 12);
  expect([shop.status().waiting, shop.status().inFlight]).toEqual([0, 0]);

  isDown = true;
  await stream(5_000);
  const startedAt = time.clock.now();
  const late = find();
  await time.advance(500);
  expect(['breaker_open', 'budget_exhausted', 'unreachable']).toContain(late.outcome);
  expect((late.atMs ?? Number.NaN) - startedAt).toBeLessThanOrEqual(250);
  await time.advance(2_000);
  expect(time.pending(), 'no timer outlives the calls').toBe(0);
});

test('with adaptiveRetries, three attempts hide what fails by chance, until the downstream asks for less', async () => {
  const random = chance(7);
  let asks = false;
  const answer = (status: number, retryAfterMs?: number): TransportResponse => ({ ...found, status, retryAfterMs });
  const { find, time, shop, origins } = setup(
    async () => (asks ? answer(503, 1_000) : random() < 0.3 ? answer(503) : found),
    { adaptiveRetries: true },
  );
  const stream = async (count: number) => {
    const calls: { readonly outcome: unknown }[] = [];
    for (let n = 0; n < count; n++) {
      calls.push(find());
      // oxlint-disable-next-line no-await-in-loop -- one after the other is the point
      await time.advance(10);
    }
    await time.advance(1_000);
    return calls.filter(({ outcome }) => JSON.stringify(outcome) === '{"price":1}').length / count;
  };
  await stream(300);
  expect(await stream(1_000)).toBeGreaterThan(0.95);
  expect(shop.status().retryRatio).toBe(1);
  asks = true;
  await stream(5);
  expect(shop.status().retryRatio).toBe(0.1);
  expect(origins.length).toBeLessThan(1_305 * 1.5);
});
