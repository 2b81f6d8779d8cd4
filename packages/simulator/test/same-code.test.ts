/** The client of a simulation is the one of production: the same journal as the policies composed by hand, and with observers around. */
import {
  attemptTimeout,
  type CallContext,
  callContext,
  compose,
  createBalancer,
  createBreaker,
  createBulkhead,
  createRetryBudget,
  deadline,
  retry,
} from '@halfopen/client';
import { callMetrics } from '@halfopen/client/observe';
import { remoteError } from '@halfopen/testing';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import {
  createServer,
  createSimulatedClient,
  createWorld,
  exponential,
  Journal,
  type PolicyOptions,
  poissonArrivals,
  type SimulatedClient,
  simulatedContract,
  simulatedTransport,
  startCallers,
  type World,
} from '../src/index.ts';

const RATES = [
  { fromMs: 0, perS: 50 },
  { fromMs: 4_000, perS: 250 },
  { fromMs: 5_000, perS: 50 },
];
const LENGTH_MS = 16_000;
/** A deadline little longer than an attempt, and few places, so that every policy has something to do. */
const OPTIONS = { deadlineMs: 600, maxInFlight: 40, maxQueued: 10 };

/** Overload, errors and a standstill: every policy has something to do. */
async function journalOf(
  seed: number,
  clientOf: (world: World, server: ReturnType<typeof createServer>) => SimulatedClient,
) {
  const world = createWorld(seed);
  const server = createServer(world, { name: 'server', workers: 6, service: exponential(60) });
  const client = clientOf(world, server);
  world.at(2_000, () => world.at(3_000, server.suffer({ kind: 'error', share: 0.4 })));
  world.at(8_000, () => world.at(14_000, server.suffer({ kind: 'stop' })));
  const journal = new Journal();
  const arrivals = poissonArrivals(world.random('callers', 'arrivals'), RATES, LENGTH_MS);
  startCallers(world, { arrivals, clients: [client], journal });
  await world.run(LENGTH_MS + 5_000);
  return journal;
}

const whole = (configuration: PolicyOptions) => (world: World, server: ReturnType<typeof createServer>) =>
  createSimulatedClient(world, { name: 'client', servers: [server], configuration });

/** The standard policy as docs/policies explains it, put together without `createDownstream`. */
function byHand(world: World, server: ReturnType<typeof createServer>): SimulatedClient {
  const { clock } = world;
  const random = world.random('client', 'policies');
  const budget = createRetryBudget();
  const origin = 'http://10.0.0.1:5000';
  const balancer = createBalancer({ guard: () => createBreaker({ clock, random }), clock, random });
  balancer.update([{ origin, host: '10.0.0.1:5000' }]);
  const transport = simulatedTransport(world, { name: 'client', servers: new Map([[origin, server]]) })(origin, {});
  const policy = compose(
    deadline({ timeoutMs: OPTIONS.deadlineMs, clock }),
    createBulkhead(OPTIONS).policy,
    retry({ budget, clock, random }),
    balancer.policy,
    attemptTimeout({ clock }),
  );
  const call = policy(async (context: CallContext) => {
    const { status, retryAfterMs } = await transport.send({ method: 'GET', target: '/' }, context);
    if (status !== 200) throw remoteError(status, retryAfterMs);
    return status;
  });
  return {
    name: 'client',
    call: ({ id, safety = 'safe' }) => call(callContext({ safety, headers: { 'x-request-id': id } })),
    status: () => {
      throw new Error('not asked');
    },
  };
}

const SEEDS = [1, 2, 3];

test.each(SEEDS)('the same journal as the policies composed by hand, seed %i', async (seed) => {
  const journal = await journalOf(seed, whole(OPTIONS));
  expect(journal.hash()).toBe((await journalOf(seed, byHand)).hash());
  const outcomes = new Set(Array.from({ length: journal.length }, (_, index) => journal.outcomeOf(index)));
  // Otherwise the policies had nothing to do, and the comparison says nothing.
  expect([...outcomes]).toEqual(
    expect.arrayContaining([
      'ok',
      'overloaded',
      'attempt_timeout',
      'deadline_exceeded',
      'budget_exhausted',
      'breaker_open',
    ]),
  );
});

test.each(SEEDS)('the same journal with metrics, seed %i', async (seed) => {
  const observer = (world: World) =>
    callMetrics(new Registry(), world.clock).forDownstream('simulated', simulatedContract);
  const watched = await journalOf(seed, (world, server) =>
    whole({ ...OPTIONS, observers: [observer(world)] })(world, server),
  );
  expect(watched.hash()).toBe((await journalOf(seed, whole(OPTIONS))).hash());
});

test('another journal with another setting', async () => {
  const usual = await journalOf(1, whole(OPTIONS));
  expect((await journalOf(1, whole({ ...OPTIONS, attemptTimeoutMs: 499 }))).hash()).not.toBe(usual.hash());
  expect((await journalOf(2, whole(OPTIONS))).hash()).not.toBe(usual.hash());
});
