import { createServer, createWorld, poissonArrivals, type Request, type ServerOptions } from '../src/index.ts';

/** What a server model did with Poisson arrivals. */
export interface Observed {
  /** Mean time in the system of those who were served, in milliseconds. */
  readonly meanMs: number;
  /** Share of the requests that were refused. */
  readonly refused: number;
  /** Mean number of requests in the system, over time. */
  readonly inSystem: number;
  /** Mean time in the system of all, the refused included. */
  readonly meanOfAllMs: number;
  /** Requests a second that came. */
  readonly offeredPerS: number;
}

/** The first seconds do not count: the queue is empty at the beginning, and theory speaks of the steady state. */
const WARM_UP_MS = 10_000;

/** Runs a model of a server on its own, without clients or policies. */
async function observe(
  seed: number,
  options: Omit<ServerOptions, 'name'>,
  perS: number,
  lengthMs: number,
): Promise<Observed> {
  const world = createWorld(seed);
  const server = createServer(world, { name: 'server', ...options });
  let [served, sumMs, sumOfAllMs, refused, offered, area] = [0, 0, 0, 0, 0, 0];
  let [inSystem, changedAtMs] = [0, WARM_UP_MS];
  const change = (by: number) => {
    if (world.nowMs > changedAtMs) {
      area += inSystem * (world.nowMs - changedAtMs);
      changedAtMs = world.nowMs;
    }
    inSystem += by;
  };
  const arrivals = poissonArrivals(world.random('callers', 'arrivals'), [{ fromMs: 0, perS }], lengthMs);
  let id = 0;
  const plan = () => {
    const { value, done } = arrivals.next();
    if (done === true) return;
    world.schedule(value - world.nowMs, () => {
      plan();
      const dueMs = world.nowMs;
      const counts = dueMs >= WARM_UP_MS;
      if (counts) offered++;
      const request: Request = {
        id: `${id++}`,
        attempt: 1,
        deadlineAt: Number.POSITIVE_INFINITY,
        isAbandoned: false,
        onAbandoned: () => {},
        reset: () => {},
        refuse: () => {},
        respond: ({ status }) => {
          change(-1);
          if (!counts) return;
          sumOfAllMs += world.nowMs - dueMs;
          if (status !== 200) {
            refused++;
            return;
          }
          served++;
          sumMs += world.nowMs - dueMs;
        },
      };
      change(1);
      server.receive(request);
    });
  };
  plan();
  await world.run(lengthMs);
  change(0);
  const observedMs = lengthMs - WARM_UP_MS;
  return {
    meanMs: sumMs / served,
    refused: refused / offered,
    inSystem: area / observedMs,
    meanOfAllMs: sumOfAllMs / offered,
    offeredPerS: (1_000 * offered) / observedMs,
  };
}

/** Student's t, two-sided 99 %, with 19 degrees of freedom: for 20 replications. */
const T_99 = 2.861;
const REPLICATIONS = 20;

export interface Interval {
  readonly mean: number;
  /** Half of the width of the 99 % interval. */
  readonly half: number;
}

/** The 99 % intervals of what twenty independent replications observe, with the seeds 1 to 20. */
export async function replicate(
  options: Omit<ServerOptions, 'name'>,
  perS: number,
  lengthMs: number,
): Promise<Record<keyof Observed, Interval>> {
  const all: Observed[] = [];
  for (let seed = 1; seed <= REPLICATIONS; seed++) all.push(await observe(seed, options, perS, lengthMs));
  const interval = (key: keyof Observed): Interval => {
    const values = all.map((one) => one[key]);
    const mean = values.reduce((sum, value) => sum + value, 0) / REPLICATIONS;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (REPLICATIONS - 1);
    return { mean, half: T_99 * Math.sqrt(variance / REPLICATIONS) };
  };
  return {
    meanMs: interval('meanMs'),
    refused: interval('refused'),
    inSystem: interval('inSystem'),
    meanOfAllMs: interval('meanOfAllMs'),
    offeredPerS: interval('offeredPerS'),
  };
}

/** Erlang's C: the probability that an arrival has to wait, with this many workers and this offered load (in erlangs). */
export function erlangC(workers: number, load: number): number {
  let [sum, term] = [0, 1];
  for (let n = 0; n < workers; n++) {
    sum += term;
    term *= load / (n + 1);
  }
  const all = (term * workers) / (workers - load);
  return all / (sum + all);
}

/** The share that is refused with room for `places` in the system, one worker and this load: M/M/1/K. */
export const lossOf = (load: number, places: number): number =>
  ((1 - load) * load ** places) / (1 - load ** (places + 1));

/** The share that is refused without a queue: Erlang's B. */
export function erlangB(workers: number, load: number): number {
  let inverse = 1;
  for (let n = 1; n <= workers; n++) inverse = 1 + (inverse * n) / load;
  return 1 / inverse;
}
