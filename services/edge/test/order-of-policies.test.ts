import {
  CallError,
  type DownstreamPolicies,
  standardOrder,
  type Transport,
  type TransportResponse,
} from '@halfopen/client';
import { createLog } from '@halfopen/service-kit';
import { testContext, type VirtualTime, virtualTime } from '@halfopen/testing';
import { Registry } from 'prom-client';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { readConfig } from '../src/config.ts';
import { createDownstreams, order } from '../src/downstreams.ts';

let time: VirtualTime = virtualTime();
beforeEach(() => {
  time = virtualTime();
});

const advance = (ms: number) => time.advance(ms);

/** The edge's own way to the greeter, on virtual time, over a transport that does what the test says. */
function setup(send: Transport['send'], env: Record<string, string>) {
  let running = 0;
  let mostAtOnce = 0;
  let attempts = 0;
  const transport: Transport = {
    async send(request, context) {
      attempts++;
      mostAtOnce = Math.max(mostAtOnce, ++running);
      try {
        return await send(request, context);
      } finally {
        running--;
      }
    },
  };
  const settings = Object.entries(env).map(([name, value]) => [`GREETER_CALL_${name}`, value]);
  const { greeter } = createDownstreams(
    readConfig({ EDGE_DEADLINE_MS: '2000', ...Object.fromEntries(settings) }),
    { clock: time.clock, random: () => 0.999, registry: new Registry(), log: createLog('edge', 'silent') },
    () => ({ ...transport, forget: () => undefined, close: async () => undefined }),
  );
  onTestFinished(() => greeter.close());
  const call = (name: string, withinMs = Number.POSITIVE_INFINITY) => {
    const seen: { outcome: unknown; tookMs: number | undefined } = { outcome: 'pending', tookMs: undefined };
    const startedAt = time.clock.now();
    const settle = (outcome: unknown) => {
      seen.outcome = outcome;
      seen.tookMs = time.clock.now() - startedAt;
    };
    const options = { deadlineAt: startedAt + withinMs, onStale: () => undefined };
    greeter.client.hello({ name }, options).then(
      ({ message }) => settle(message),
      (error: { code?: unknown }) => settle(error.code ?? error),
    );
    return seen;
  };
  return { call, status: () => greeter.status(), seen: () => ({ attempts, mostAtOnce }) };
}

const wait = (ms: number) => new Promise<void>((resolve) => time.clock.after(ms, resolve));

const answer = (status: number): TransportResponse => ({
  status,
  contentType: 'application/json',
  contentEncoding: undefined,
  cacheControl: 'max-age=0, stale-if-error=60',
  retryAfterMs: undefined,
  fault: undefined,
  body: new TextEncoder().encode('{"message":"Hello!"}'),
});

/** Carries an attempt for so long whatever becomes of its signal, as work that hears no abort does. */
const deaf =
  (ms: number, status: number): Transport['send'] =>
  async () => {
    await wait(ms);
    return answer(status);
  };

const refused = () => Promise.reject(new CallError('unreachable', 'refused', { sent: 'never' }));

test('stale if error ▸ deadline: an old answer stands in for one that came too late', async () => {
  let work: Transport['send'] = deaf(0, 200);
  const { call } = setup((...request) => work(...request), { STALE_IF_ERROR: 'on' });
  const first = call('John');
  await advance(0);
  expect(first.outcome).toBe('Hello!');
  work = deaf(60_000, 200);
  const second = call('John');
  await advance(2_000);
  expect(second).toEqual({ outcome: 'Hello!', tookMs: 2_000 });
});

test('deadline ▸ coalesce ▸ bulkhead: a crowd with one question takes one place, and each keeps its own deadline', async () => {
  const { call, seen } = setup(deaf(300, 200), { COALESCE: 'on', MAX_IN_FLIGHT: '1', MAX_QUEUED: '0' });
  const patient = [call('John'), call('John')];
  const hasty = call('John', 100);
  await advance(300);
  expect(patient.map(({ outcome }) => outcome)).toEqual(['Hello!', 'Hello!']);
  expect(hasty).toEqual({ outcome: 'deadline_exceeded', tookMs: 100 });
  expect(seen().attempts).toBe(1);
});

test('deadline ▸ bulkhead: work that outlives its deadline keeps its place, and waiting for one is on the clock', async () => {
  const { call, seen, status } = setup(deaf(5_000, 200), { MAX_IN_FLIGHT: '2', MAX_QUEUED: '64', ATTEMPTS: '1' });
  const first = Array.from({ length: 6 }, () => call('first'));
  await advance(2_000);
  const second = Array.from({ length: 6 }, () => call('second'));
  await advance(2_000);
  for (const one of [...first, ...second]) expect(one).toEqual({ outcome: 'deadline_exceeded', tookMs: 2_000 });
  expect(seen()).toEqual({ attempts: 2, mostAtOnce: 2 });
  expect([status().inFlight, status().queued]).toEqual([2, 0]);
});

test('bulkhead ▸ retry: a call that waits to try again keeps its place, so that places bound calls', async () => {
  const { call, seen, status } = setup(refused, { MAX_IN_FLIGHT: '2', MAX_QUEUED: '1', BACKOFF_BASE_MS: '1000' });
  const calls = [call('a'), call('b')];
  await advance(10);
  expect([calls.map(({ outcome }) => outcome), status().inFlight]).toEqual([['pending', 'pending'], 2]);
  calls.push(call('c'), call('d'), call('e'));
  await advance(10);
  expect(calls.map(({ outcome }) => outcome)).toEqual(['pending', 'pending', 'pending', 'overloaded', 'overloaded']);
  expect(seen().attempts, 'who waits for a place, or got none, has sent nothing').toBe(2);
});

test('retry ▸ breaker: each attempt is an outcome, so that two calls show what five attempts met', async () => {
  const { call, seen, status } = setup(refused, {
    BREAKER_MINIMUM_CALLS: '5',
    BREAKER_OPEN_MS: '60000',
    BREAKER_MAX_OPEN_MS: '60000',
  });
  call('a');
  await advance(500);
  expect([seen().attempts, status().breaker]).toEqual([3, 'closed']);
  call('b');
  await advance(500);
  expect([seen().attempts, status().breaker]).toEqual([5, 'open']);
});

test('breaker ▸ attempt timeout: an attempt that was given up is a failure, whatever its work says in the end', async () => {
  const env = { ATTEMPTS: '1', ATTEMPT_TIMEOUT_MS: '100', BREAKER_MINIMUM_CALLS: '10' };
  const { call, status } = setup(deaf(150, 404), env);
  const calls = Array.from({ length: 25 }, (_, n) => call(`caller ${n}`));
  await advance(150);
  expect(new Set(calls.map(({ outcome }) => outcome))).toEqual(new Set(['attempt_timeout']));
  expect(status().breaker).toBe('open');
});

test('the order that is spelled out is the standard one', async () => {
  const orderOf = async (compose: typeof standardOrder) => {
    const entered: string[] = [];
    const parts = new Proxy({} as DownstreamPolicies, {
      get: (_target, name) => (next: (context: unknown) => Promise<unknown>) => (context: unknown) => {
        entered.push(String(name));
        return next(context);
      },
    });
    await compose(parts)(async () => 'answer')(testContext());
    return entered;
  };
  expect(await orderOf(order)).toEqual(await orderOf(standardOrder));
  expect(await orderOf(order)).toHaveLength(11);
});
