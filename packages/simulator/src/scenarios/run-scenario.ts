import { type Configuration, createSimulatedClient, type SimulatedClient } from '../client/simulated-client.ts';
import { createWorld, type RunOptions, type World } from '../engine/world.ts';
import { evenArrivals, merged, poissonArrivals } from '../models/arrivals.ts';
import { callIndexOf, startCallers } from '../models/callers.ts';
import { relayTo } from '../models/relay.ts';
import { createServer, type Server } from '../models/server.ts';
import { Journal } from '../record/journal.ts';
import { createRun, type Run } from '../record/run.ts';
import { Samples } from '../record/samples.ts';
import type { Load, Scenario } from './scenario.ts';

/** How long after the last call was due its outcome is waited for. */
const SETTLE_MS = 10_000;

/**
 * Runs a scenario once, with one seed.
 * @throws RangeError for an option out of range
 * @throws whatever a policy threw that is no `CallError`
 */
export async function runScenario(
  configuration: Configuration,
  scenario: Scenario,
  seed: number,
  options: RunOptions = {},
): Promise<Run> {
  const { load, lengthMs, faults = [] } = scenario;
  const world = createWorld(seed);
  const journal = new Journal();
  const samples = new Samples();
  const servers = scenario.servers.map((server) => createServer(world, server));
  const entrance = throughServices(world, configuration, scenario, servers);
  const clients = Array.from({ length: load.clients ?? 1 }, (_, index) =>
    createSimulatedClient(world, {
      name: `client ${index + 1}`,
      servers: entrance.servers,
      configuration,
      network: scenario.network,
      onSend: ({ headers }) => journal.countAttempt(callIndexOf(headers['x-request-id'] ?? '')),
      onEvent: (event) => samples.tell(event, world.nowMs),
    }),
  );

  const everybody = [...servers, ...entrance.services];
  checkNames(scenario, everybody);
  for (const { fromMs, toMs, servers: names, ...effect } of faults) {
    for (const server of everybody) {
      if (!(names ?? servers.map(({ name }) => name)).includes(server.name)) continue;
      world.at(fromMs, () => {
        const end = server.suffer(effect);
        world.at(toMs, end);
      });
    }
  }
  samples.follow(world, servers, lengthMs);
  startCallers(world, { ...load, arrivals: arrivalsOf(world, load, lengthMs), clients, journal });
  const isComplete = await world.run(lengthMs + SETTLE_MS, options);
  return createRun({ scenario, seed, journal, samples, isComplete, untilMs: Math.min(lengthMs, world.nowMs) });
}

function arrivalsOf(world: World, { rates, arrivals, bursts }: Load, untilMs: number): Iterable<number> {
  const steady =
    arrivals === 'even'
      ? evenArrivals(rates, untilMs)
      : poissonArrivals(world.random('callers', 'arrivals'), rates, untilMs);
  return bursts === undefined ? steady : merged(steady, burstArrivals(bursts, untilMs));
}

function* burstArrivals({ everyMs, calls }: NonNullable<Load['bursts']>, untilMs: number): Generator<number> {
  for (let atMs = everyMs; atMs < untilMs; atMs += everyMs) {
    for (let call = 0; call < calls; call++) yield atMs;
  }
}

/** The services between callers and servers, each of which calls the next. @returns what the callers call, and all of the services */
function throughServices(
  world: World,
  configuration: Configuration,
  { through = [], network }: Scenario,
  servers: readonly Server[],
): { readonly servers: readonly Server[]; readonly services: readonly Server[] } {
  const services: Server[] = [];
  let next = servers;
  for (const options of through.toReversed()) {
    const client: SimulatedClient = createSimulatedClient(world, {
      name: `client in ${options.name}`,
      servers: next,
      configuration,
      network,
    });
    const service = createServer(world, { ...options, calls: relayTo(client) });
    services.unshift(service);
    next = [service];
  }
  return { servers: next, services };
}

/** @throws RangeError when two servers have one name, or a fault names a server that does not exist */
function checkNames({ faults = [] }: Scenario, servers: readonly Server[]): void {
  const names = new Set<string>();
  for (const { name } of servers) {
    if (names.has(name)) throw new RangeError(`two servers are named ${name}: their names must differ`);
    names.add(name);
  }
  for (const { servers: hit = [] } of faults) {
    const unknown = hit.find((name) => !names.has(name));
    if (unknown === undefined) continue;
    throw new RangeError(`a fault hits the server ${unknown}, but there are only ${[...names].join(', ')}`);
  }
}
