import { freePorts } from '@halfopen/runner';
import { type Bed, type Entrant, enter, enterEdge, enterFailing, MOST_ENDPOINTS, startBed } from './bed.ts';
import { CONTENDERS, type Contender } from './contenders.ts';
import { residentBytesOf } from './kernel.ts';
import type { Cost } from './load/generator-process.ts';
import type { LatencyFigures, Task } from './load/protocol.ts';
import { inTurn } from './measure/in-turn.ts';
import type { Pace } from './pace.ts';
import { benchProvenance } from './provenance.ts';
import type { ForeignCost, Latency, Measurements, Memory } from './result.ts';
import { start } from './start.ts';
import { versions } from './versions.ts';

/** Told what goes on, a line at a time. */
type Say = (line: string) => void;

interface Run {
  readonly bed: Bed;
  readonly pace: Pace;
  readonly say: Say;
  /** What may still be spent on measuring again what something else on this machine has disturbed. */
  patienceMs: number;
}

/** In flight at once, wherever nothing else is said. */
export const CONNECTIONS = 32;
const CONNECTION_LEVELS = [1, 10, 100, 500];
const ENDPOINT_LEVELS = [1, 2, 4, MOST_ENDPOINTS];
export const SEED = 1;

/** All that a run measures but the memory. */
export async function measure(pace: Pace, command: string, say: Say): Promise<Measurements> {
  const provenance = benchProvenance(command, SEED);
  const bed = await startBed();
  const run: Run = { bed, pace, say, patienceMs: pace.patienceMs };
  try {
    const startUpMs = await measureStarts(run);
    const entrants = await enterAll(
      CONTENDERS.filter(({ name }) => name in startUpMs),
      bed,
    );
    const cost = await measureCost(entrants, run);
    const latency = await measureLatency(entrants, cost.perSecond, run);
    await stopAll(entrants);
    return {
      provenance,
      versions: versions(),
      absent: CONTENDERS.filter(({ name }) => !(name in startUpMs)).map(({ name }) => name),
      startUpMs,
      ...cost,
      latency,
      ...(await measureRefusals(run)),
      byConnections: await measureConnections(run),
      byEndpoints: { ours: await measureEndpoints(run) },
    };
  } finally {
    await bed.stop();
  }
}

async function enterAll(contenders: readonly Contender[], bed: Bed): Promise<Entrant[]> {
  const entrants = await Promise.all(contenders.map((one) => enter(one, bed)));
  return entrants.filter((one) => one !== undefined);
}

async function stopAll(entrants: readonly Entrant[]): Promise<void> {
  await Promise.all(entrants.map(({ process }) => process.stop()));
}

/** @returns nothing of those that are not installed */
async function measureStarts({ bed, pace: { starts }, say }: Run): Promise<Record<string, number[]>> {
  const started = await inTurn(CONTENDERS, starts, async (contender, round) => {
    const entrant = await enter(contender, bed);
    if (entrant === undefined) return [];
    await entrant.process.stop();
    const { startUpMs } = entrant.process;
    say(`start ${round + 1}/${starts}  ${contender.name}: ${startUpMs.toFixed(0)} ms`);
    return [startUpMs];
  });
  return Object.fromEntries(
    Object.entries(started)
      .map(([name, rounds]) => [name, rounds.flat()] as const)
      .filter(([, rounds]) => rounds.length > 0),
  );
}

async function measureCost(entrants: readonly Entrant[], run: Run) {
  await warmUp(entrants, run);
  const costs = await windows('cost', entrants, run.pace.rounds, run);
  const residentBytes = entrants.map(({ name, process }) => [name, residentBytesOf([process.pid])]);
  return {
    cpuUs: column(costs, 'cpuUs'),
    perSecond: column(costs, 'perSecond'),
    cores: column(costs, 'cores'),
    othersCores: column(costs, 'othersCores'),
    residentBytes: Object.fromEntries(residentBytes) as Record<string, number>,
  };
}

/** Also until the breakers are open of those who are to refuse: their first answers are of another kind. */
async function warmUp(entrants: readonly Entrant[], { bed, pace, say }: Run): Promise<void> {
  for (const entrant of entrants) {
    say(`warming up ${entrant.name}`);
    await bed.generator.warmUp(taskOf(entrant, bed, { settleMs: 0, windowMs: pace.warmUpMs }));
  }
}

/** Windows of everybody in turn. */
function windows(
  what: string,
  entrants: readonly (Entrant & { readonly connections?: number })[],
  rounds: number,
  run: Run,
): Promise<Record<string, Cost[]>> {
  return inTurn(entrants, rounds, async (entrant, round) => {
    const task = taskOf(entrant, run.bed, run.pace, entrant.connections);
    const cost = await undisturbed(run, () => run.bed.generator.measure(task), isQuiet);
    const figures = `${cost.cpuUs.toFixed(1)} µs a request, ${cost.perSecond.toFixed(0)}/s`;
    run.say(`${what} ${round + 1}/${rounds}  ${entrant.name}: ${figures}`);
    return cost;
  });
}

/** What others may take of the machine. An idle one has a few hundredths of a core to do. */
const QUIET_CORES = 0.2;
const isQuiet = ({ othersCores }: Cost) => othersCores <= QUIET_CORES;

/** Requests that are sent later than this tell more of the sender than of who answers. */
const PUNCTUAL_MS = 5;
const isPunctual = ({ latenessP99Ms }: LatencyFigures) => latenessP99Ms <= PUNCTUAL_MS;

/** Measures again what was disturbed, as long as there is patience. */
async function undisturbed<T>(run: Run, take: () => Promise<T>, isGood: (taken: T) => boolean): Promise<T> {
  for (;;) {
    const startedAt = performance.now();
    const taken = await take();
    if (isGood(taken) || run.patienceMs <= 0) return taken;
    run.patienceMs -= performance.now() - startedAt;
    run.say('disturbed by something else on this machine: once more');
  }
}

function taskOf(
  { process: { url, pid }, expected }: Entrant,
  { pids: beside }: Bed,
  { settleMs, windowMs }: Pick<Pace, 'settleMs' | 'windowMs'>,
  connections = CONNECTIONS,
): Task {
  return { url, pid, beside, connections, expected, settleMs, windowMs };
}

/**
 * Everybody at half of what the tutorial stack can do, and ours at half of what it can do itself. What somebody can do was seen in the
 * closed loop.
 */
async function measureLatency(
  entrants: readonly Entrant[],
  perSecond: Readonly<Record<string, readonly number[]>>,
  run: Run,
): Promise<Latency[]> {
  const { pace } = run;
  const latency = async (halfOf: string, some: readonly Entrant[], rounds: number): Promise<Latency> => {
    const ratePerS = Math.round(middle(perSecond[halfOf] ?? []) / 2);
    const figures = await inTurn(some, rounds, async ({ name, process: { url, pid }, expected }, round) => {
      const task = { url, pid, expected, ratePerS, seconds: pace.openLoopS, seed: SEED + round };
      const take = () => run.bed.generator.latency(task);
      const one = await undisturbed(run, take, isPunctual);
      const text = `p50 ${one.p50Ms.toFixed(2)} ms, p99 ${one.p99Ms.toFixed(2)} ms`;
      run.say(`latency ${round + 1}/${rounds}  ${name} at ${ratePerS}/s: ${text}`);
      return one;
    });
    return {
      halfOf,
      ratePerS,
      p50Ms: column(figures, 'p50Ms'),
      p99Ms: column(figures, 'p99Ms'),
      latenessP99Ms: column(figures, 'latenessP99Ms'),
      cpuUs: column(figures, 'cpuUs'),
    };
  };
  const isJudged = ({ name }: Entrant) => ['tutorial', 'bare', 'ours'].includes(name);
  const isVariant = ({ name }: Entrant) => CONTENDERS.some((one) => one.name === name && one.variantOf !== undefined);
  const judged = await latency('tutorial', entrants.filter(isJudged), pace.openLoopRounds);
  const others = entrants.filter((one) => !isJudged(one) && !isVariant(one));
  const rest = await latency('tutorial', others, pace.openLoopOtherRounds);
  return [
    {
      ...judged,
      p50Ms: { ...judged.p50Ms, ...rest.p50Ms },
      p99Ms: { ...judged.p99Ms, ...rest.p99Ms },
      latenessP99Ms: { ...judged.latenessP99Ms, ...rest.latenessP99Ms },
      cpuUs: { ...judged.cpuUs, ...rest.cpuUs },
    },
    await latency(
      'ours',
      entrants.filter(({ name }) => name === 'ours'),
      pace.openLoopRounds,
    ),
  ];
}

/** What an answer costs while the breaker is open, beside what one costs while all is well. */
async function measureRefusals(run: Run) {
  const { bed, pace } = run;
  const both = CONTENDERS.filter(({ name }) => name === 'tutorial' || name === 'ours');
  const well = (await enterAll(both, bed)).map((one) => ({ ...one, name: `${one.name} well` }));
  const entrants = [
    ...well,
    await enterFailing('tutorial', 'Breaker is open', bed),
    await enterFailing('ours', '"code":"breaker_open"', bed),
  ];
  await warmUp(entrants, run);
  const costs = column(await windows('failing fast', entrants, pace.refusalRounds, run), 'cpuUs');
  await stopAll(entrants);
  const of = (suffix: string) =>
    Object.fromEntries(both.map(({ name }) => [name, costs[`${name} ${suffix}`] ?? []] as const));
  return { refusalCpuUs: of('refusing'), successCpuUs: of('well') };
}

async function measureConnections(run: Run) {
  const { bed, pace } = run;
  const most = String(Math.max(...CONNECTION_LEVELS));
  const entrants = [
    ...(await enterAll(
      CONTENDERS.filter(({ name }) => name === 'bare'),
      bed,
    )),
    // With the default of 128 calls in flight most of 500 callers would be refused, as they should be.
    await enterEdge('ours', bed.greeters.slice(0, 1), { GREETER_CALL_MAX_IN_FLIGHT: most }),
  ];
  await warmUp(entrants, run);
  const levels = entrants.flatMap((entrant) =>
    CONNECTION_LEVELS.map((connections) => ({ ...entrant, name: `${entrant.name} ${connections}`, connections })),
  );
  const costs = column(await windows('connections', levels, pace.growthRounds, run), 'cpuUs');
  await stopAll(entrants);
  return Object.fromEntries(
    entrants.map(({ name }) => [
      name,
      Object.fromEntries(CONNECTION_LEVELS.map((connections) => [connections, costs[`${name} ${connections}`] ?? []])),
    ]),
  );
}

async function measureEndpoints(run: Run) {
  const { bed, pace } = run;
  const entrants = await Promise.all(
    ENDPOINT_LEVELS.map((endpoints) => enterEdge(String(endpoints), bed.greeters.slice(0, endpoints))),
  );
  await warmUp(entrants, run);
  const costs = await windows('endpoints', entrants, pace.growthRounds, run);
  await stopAll(entrants);
  return column(costs, 'cpuUs');
}

/** Calls that the end of a load has cut off have closed their connections: this long after the next load has begun, all are open again. */
const RECONNECT_MS = 1_000;

/** Three of our edges in one run: in front of our greeter, and of two servers of others, one of which returns `x-request-id`. */
export async function measureForeign(pace: Pace, say: Say): Promise<ForeignCost> {
  const bed = await startBed();
  const run: Run = { bed, pace, say, patienceMs: pace.patienceMs };
  const [port, namingPort, countPort] = (await freePorts(3)) as [number, number, number];
  const greeters = await start(
    { script: 'bench/src/processes/foreign-greeter.ts', env: { GREETER_PORTS: `${port},${namingPort},${countPort}` } },
    port,
  );
  const entrants: Entrant[] = [];
  try {
    const foreign = await enterEdge('foreign', [greeters.url]);
    entrants.push(
      await enterEdge('ours', bed.greeters.slice(0, 1)),
      await enterEdge('naming', [`http://127.0.0.1:${namingPort}`]),
      foreign,
    );
    const beside: Run = { ...run, bed: { ...bed, pids: [...bed.pids, greeters.pid] } };
    await warmUp(entrants, beside);
    const connections = async () => Number(await (await fetch(`http://127.0.0.1:${countPort}`)).text());
    const settled = { settleMs: RECONNECT_MS, windowMs: pace.warmUpMs };
    const load = bed.generator.measure(taskOf(foreign, beside.bed, settled));
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
    const before = await connections();
    const { requests } = await load;
    const connectionsPerRequest = ((await connections()) - before) / requests;
    const {
      ours = [],
      naming = [],
      foreign: cpuUs = [],
    } = column(await windows('foreign', entrants, pace.rounds, beside), 'cpuUs');
    return { cpuUs: { ours, naming, foreign: cpuUs }, connectionsPerRequest };
  } finally {
    await stopAll(entrants);
    await greeters.stop();
    await bed.stop();
  }
}

const MEMORY_REQUESTS = 1_000_000;
const MEMORY_SAMPLES = 20;
const MEMORY_WINDOW_MS = 1_000;

/** Memory of our edge over a million requests. */
export async function measureMemory(command: string, say: Say): Promise<Memory> {
  const provenance = benchProvenance(command, SEED);
  const bed = await startBed();
  try {
    const edge = await enterEdge('ours', bed.greeters.slice(0, 1));
    const { pid } = edge.process;
    const samples = [{ requests: 0, residentBytes: residentBytesOf([pid]) }];
    let requests = 0;
    while (requests < MEMORY_REQUESTS) {
      const task = taskOf(edge, bed, { settleMs: 0, windowMs: MEMORY_WINDOW_MS });
      requests += (await bed.generator.measure(task)).requests;
      if (requests < (samples.length * MEMORY_REQUESTS) / MEMORY_SAMPLES) continue;
      const residentBytes = residentBytesOf([pid]);
      samples.push({ requests, residentBytes });
      say(`memory  after ${requests} requests: ${(residentBytes / 2 ** 20).toFixed(0)} MB`);
    }
    await edge.process.stop();
    return { provenance, samples };
  } finally {
    await bed.stop();
  }
}

function column<K extends string>(rounds: Readonly<Record<string, readonly Readonly<Record<K, number>>[]>>, key: K) {
  return Object.fromEntries(Object.entries(rounds).map(([name, all]) => [name, all.map((one) => one[key])]));
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
