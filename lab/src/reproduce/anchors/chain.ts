import {
  constant,
  createServer,
  createSimulatedClient,
  createWorld,
  exponential,
  Journal,
  poissonArrivals,
  type RunOptions,
  startCallers,
} from '@halfopen/simulator';
import type { Anchor, Claim } from '../anchor.ts';
import { agrees, exactly, fixed, medianOf, secondsText } from '../measured.ts';
import { publishedClient } from '../published-client.ts';
import { chainOf, meanHittingTime, stationary } from './retry-chain.ts';

/** The example of the README: 9.5 requests a second for a server of 10 a second, a timeout of 3 s, four retries. */
const EXAMPLE = { perS: 9.5, servedPerS: 10, timeoutS: 3, retries: 4, queue: 100, orbit: 20 };

/** Of its own code, for the same example. `highToLow` has no correct digit: see the finding. */
const THEIRS = { queue: 96.8631, orbit: 10.5821, full: 0.318671, lowToHighS: 31.3246, highToLowS: '4.8 · 10¹³' };

const LOW_BELOW = 10;
const HIGH_FROM = 90;

/** What the chain says, without chance. */
export function predictions() {
  const chain = chainOf(EXAMPLE);
  const shares = stationary(chain);
  let [queue, orbit, full] = [0, 0, 0];
  for (const [state, share] of shares.entries()) {
    const jobs = chain.jobsIn(state);
    queue += share * jobs.queued;
    orbit += share * jobs.orbiting;
    if (jobs.queued === EXAMPLE.queue - 1) full += share;
  }
  const isLow = (state: number) => chain.jobsIn(state).queued < LOW_BELOW;
  const isHigh = (state: number) => chain.jobsIn(state).queued >= HIGH_FROM;
  return {
    queue,
    orbit,
    full,
    lowToHighS: meanHittingTime(chain, isLow, isHigh),
    highToLowS: meanHittingTime(chain, isHigh, isLow),
  };
}

const LONGEST_MS = 4_000_000;

/** The same system, simulated: milliseconds until the queue is as long for the first time. */
async function firstHighMs(seed: number, options: RunOptions): Promise<number> {
  const world = createWorld(seed);
  const server = createServer(world, {
    name: 'server',
    workers: 1,
    service: exponential(1_000 / EXAMPLE.servedPerS),
    maxQueued: EXAMPLE.queue - 2,
  });
  let highAtMs = Number.POSITIVE_INFINITY;
  const end = new AbortController();
  const client = createSimulatedClient(world, {
    name: 'client',
    servers: [server],
    configuration: publishedClient({ attempts: EXAMPLE.retries + 1, attemptTimeoutMs: 1_000 * EXAMPLE.timeoutS }),
    network: { delay: constant(0) },
    onSend: () => {
      if (server.queued + server.inProgress < HIGH_FROM || highAtMs < LONGEST_MS) return;
      highAtMs = world.nowMs;
      end.abort();
    },
  });
  const arrivals = poissonArrivals(
    world.random('callers', 'arrivals'),
    [{ fromMs: 0, perS: EXAMPLE.perS }],
    LONGEST_MS,
  );
  startCallers(world, { arrivals, clients: [client], journal: new Journal() });
  const signals = options.signal === undefined ? [end.signal] : [end.signal, options.signal];
  await world.run(LONGEST_MS, { signal: AbortSignal.any(signals) });
  return highAtMs;
}

export const chain: Anchor = {
  name: 'chain',
  title: 'metafor’s Markov chain of a server with retries',
  sources: [
    {
      authors: 'P. Alvaro, R. Isaacs, R. Majumdar, K.-K. Muniswamy-Reddy, M. Salamati, S. Soudjani',
      title: 'Formal Analysis of Metastable Failures in Software Systems',
      year: 2025,
      url: 'https://arxiv.org/abs/2510.03551',
    },
    {
      authors: 'MPI-SWS',
      title: 'metafor',
      year: 2026,
      url: 'https://github.com/mpi-sws-rse/metafor/tree/5355c17f625fc5c1b2982c00706168eb8381b7f1',
    },
  ],
  method: [
    'The example of the README: a single server of 10 requests a second, 9.5 a second, a timeout of 3 s, four retries, a queue of 100, an orbit of 20. The state is the number of requests in the queue and in orbit (those that will be retried); how often a request times out with n in the queue is bounded by Chebyshev’s inequality. We have written down the same chain of 2,000 states and solved it by other means: states are eliminated one after the other without a subtraction (W. Grassmann, M. Taksar and D. Heyman, 1985).',
    'This is not a simulation, so it must agree to three digits. Low is fewer than 10 requests in the queue, high is 90 or more. The last row is a simulation of the system that the chain describes, with our `retry`: the chain is an approximation, and its authors calibrate it with data.',
  ],
  ownCode:
    '[mpi-sws-rse/metafor](https://github.com/mpi-sws-rse/metafor) (Apache-2.0), commit 5355c17: `SingleServerCTMC(100, 20, [9.5], [10], [3], [4], 1)` with its defaults, `main_queue_size_average`, `retry_queue_size_average`, `queue_full_probability` of `get_stationary_distribution()`, and `get_hitting_time_average`.',
  seeds: 15,
  variants: 2,
  async run(replicate) {
    const [found] = await replicate(() => Promise.resolve(predictions()), 1);
    const claim = (what: string, key: 'queue' | 'orbit' | 'full' | 'lowToHighS', digits: number): Claim => {
      const measured = found === undefined ? { ...exactly(Number.NaN), runs: 0 } : exactly(found[key]);
      return {
        what,
        published: 'method',
        theirs: THEIRS[key].toFixed(digits),
        ours: found === undefined ? '–' : found[key].toFixed(digits),
        measured,
        holds: agrees(measured, THEIRS[key], 0.0005),
      };
    };
    const simulated = medianOf(await replicate(firstHighMs));
    return {
      claims: [
        claim('mean number in the queue', 'queue', 2),
        claim('mean number in orbit', 'orbit', 2),
        claim('probability of a full queue', 'full', 4),
        claim('mean time from low to high, in seconds', 'lowToHighS', 2),
        {
          what: 'mean time from high to low, in seconds',
          published: 'method',
          theirs: THEIRS.highToLowS,
          ours: found === undefined ? '–' : found.highToLowS.toExponential(2),
          measured: found === undefined ? { ...exactly(Number.NaN), runs: 0 } : exactly(found.highToLowS),
          holds: found === undefined ? null : found.highToLowS > 1e9,
        },
        {
          what: 'simulated: median time until the queue is high, starting empty',
          published: '–',
          ours:
            simulated.runs === 0
              ? '–'
              : `${secondsText(simulated.value)} (${fixed(0)(simulated.low / 1_000)} to ${fixed(0)(simulated.high / 1_000)} s)`,
          measured: simulated,
          holds: null,
        },
      ],
      findings: FINDINGS,
    };
  },
};

const FINDINGS: readonly string[] = [
  'Both say that this system, once it is down, stays down for longer than anybody will wait. The digits of that time differ: with times so long, the linear system is too badly conditioned for elimination in double precision (with `retry_when_full` the same call returns a negative time). Elimination without subtractions has no such trouble, and might be useful in metafor; the conclusion is the same either way. The row holds if both exceed 10⁹ s.',
  'The simulated system takes longer to get there than the chain says, because Chebyshev’s inequality counts more timeouts than there are. The authors say so, and calibrate their chains with data; this example is not calibrated.',
];
