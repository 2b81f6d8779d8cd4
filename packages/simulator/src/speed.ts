/**
 * How fast the simulator is, on this machine: `pnpm --filter @halfopen/simulator speed [calls]`. Each row runs in a process of its own,
 * because one's garbage would be another's time. Times are the process's CPU time, so that other processes do not count.
 */
import { execFileSync } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import {
  createServer,
  createSimulatedClient,
  createWorld,
  exponential,
  Journal,
  poissonArrivals,
  startCallers,
} from './index.ts';

const PER_S = 1_000;
const DEFAULT_CALLS = 500_000;

const CASES = {
  well: { label: 'all is well', timesOut: 0 },
  timeouts: { label: '40 % time out', timesOut: 0.4 },
} as const;

type CaseName = keyof typeof CASES;

const heapMiB = () => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 2 ** 20;
};

async function measure(name: CaseName, clients: number, calls: number): Promise<string> {
  const { label, timesOut } = CASES[name];
  const world = createWorld(1);
  const server = createServer(world, { name: 'server', workers: 10_000, service: exponential(50) });
  if (timesOut > 0) server.suffer({ kind: 'delay', share: timesOut, ms: 600 });
  const configuration = timesOut > 0 ? { maxInFlight: 10_000 } : {};
  const journal = new Journal();
  const untilMs = (1_000 * calls) / PER_S;
  startCallers(world, {
    arrivals: poissonArrivals(world.random('callers', 'arrivals'), [{ fromMs: 0, perS: PER_S }], untilMs),
    clients: Array.from({ length: clients }, (_, index) =>
      createSimulatedClient(world, { name: `client ${index}`, servers: [server], configuration }),
    ),
    journal,
  });
  // The first fifth lets Node compile what is hot, and the breakers fill their windows.
  await world.run(untilMs / 5);
  const [fromCalls, fromEvents, fromMiB] = [journal.length, world.happened, heapMiB()];
  const began = process.cpuUsage();
  const beganAtMs = performance.now();
  await world.run(untilMs);
  const { user, system } = process.cpuUsage(began);
  const wallS = (performance.now() - beganAtMs) / 1_000;
  const cpuS = (user + system) / 1e6;
  const done = journal.length - fromCalls;
  // What the journal keeps of every call is meant to grow.
  const grownMiB = heapMiB() - fromMiB;
  return [
    '',
    label,
    clients.toLocaleString('en'),
    Math.round(done / cpuS).toLocaleString('en'),
    Math.round(done / wallS).toLocaleString('en'),
    `${((1e6 * cpuS) / done).toFixed(1)} µs`,
    ((world.happened - fromEvents) / done).toFixed(1),
    `${grownMiB.toFixed(1)} MiB`,
    '',
  ]
    .join(' | ')
    .trim();
}

const [calls = DEFAULT_CALLS, name, clients] = process.argv
  .slice(2)
  .map((text, index) => (index === 1 ? text : Number(text)));

if (name === undefined) {
  process.stdout.write('| | clients | calls per CPU second | per second | a call | events a call | heap grows by |\n');
  process.stdout.write('| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n');
  for (const [row, count] of [
    ['well', 1],
    ['well', 100],
    ['well', 1_000],
    ['timeouts', 1],
    ['timeouts', 1_000],
  ] as const) {
    const script = fileURLToPath(import.meta.url);
    execFileSync(process.execPath, ['--expose-gc', script, `${calls}`, row, `${count}`], { stdio: 'inherit' });
  }
} else {
  process.stdout.write(`${await measure(name as CaseName, Number(clients), Number(calls))}\n`);
}
