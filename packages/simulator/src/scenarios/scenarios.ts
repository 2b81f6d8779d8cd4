import { constant, exponential, lognormal } from '../engine/distributions.ts';
import { flapping } from '../models/faults.ts';
import type { ServerOptions } from '../models/server.ts';
import type { Scenario } from './scenario.ts';

/** A service as ours are: fast, with admission, and it stops work that nobody waits for. Far from its capacity in these scenarios. */
const ROOMY: ServerOptions = {
  name: 'server',
  workers: 256,
  service: lognormal(5, 4),
  discipline: 'admission',
  stopsAbandonedWork: true,
};

/** Twenty workers of 40 ms: 500 a second. Its queue has no end and also holds those who have left, as in most servers. */
const TIGHT: ServerOptions = { name: 'server', workers: 20, service: exponential(40) };

/**
 * Thirty workers of 100 ms: 300 a second (N. Bronson et al., "Metastable Failures in Distributed Systems", HotOS 2021, §2.1). Not constant:
 * a standstill would leave all workers in step, and what happens would depend on that.
 */
const HOTOS: ServerOptions = { name: 'server', workers: 30, service: exponential(100) };

/** Nobody waits longer than this. The same for all configurations, or one that never gives up would look best. */
const patienceMs = 2_000;

const STEADY = { patienceMs, rates: [{ fromMs: 0, perS: 200 }] };
const BURST = {
  patienceMs,
  rates: [
    { fromMs: 0, perS: 200 },
    { fromMs: 10_000, perS: 1_000 },
    { fromMs: 20_000, perS: 200 },
  ],
};
/** Ten seconds of trouble after ten of peace, and twenty to recover in. */
const USUAL = { trigger: { fromMs: 10_000, toMs: 20_000 }, lengthMs: 40_000, load: STEADY } as const;

const replicas = (count: number): ServerOptions[] =>
  Array.from({ length: count }, (_, index) => ({ ...ROOMY, name: `server ${index + 1}` }));

/** Scenarios by name. Each is plain data: spread it to change a number. */
export const scenarios = {
  healthy: {
    ...USUAL,
    name: 'healthy',
    description: 'Nothing is wrong, at 40 % of capacity: what the policies cost.',
    servers: [TIGHT],
  },
  overload: {
    ...USUAL,
    name: 'overload',
    description: 'Twice as many calls as the server can serve, for ten seconds. Its queue has no end.',
    servers: [TIGHT],
    load: BURST,
  },
  overloadOfAdmission: {
    ...USUAL,
    name: 'overload of admission',
    description:
      'Twice as many calls as the server can serve, for ten seconds. It has admission, as our services have.',
    servers: [{ ...TIGHT, discipline: 'admission', stopsAbandonedWork: true }],
    load: BURST,
  },
  outage: {
    ...USUAL,
    name: 'outage',
    description: 'Nobody listens for ten seconds: every connection is refused.',
    servers: [ROOMY],
    faults: [{ kind: 'refuse', ...USUAL.trigger }],
  },
  standstill: {
    ...USUAL,
    name: 'standstill',
    description: 'The process is stopped for ten seconds: connections are accepted, and nothing is answered.',
    servers: [ROOMY],
    faults: [{ kind: 'stop', ...USUAL.trigger }],
  },
  blackHole: {
    ...USUAL,
    name: 'black hole',
    description: 'Requests vanish on their way for ten seconds.',
    servers: [ROOMY],
    faults: [{ kind: 'drop', ...USUAL.trigger }],
  },
  flapping: {
    ...USUAL,
    name: 'flapping',
    description: 'Nobody listens for one second in two, for ten seconds.',
    servers: [ROOMY],
    faults: flapping({ kind: 'refuse', ...USUAL.trigger }, 2_000, 1_000),
  },
  slowThird: {
    ...USUAL,
    name: 'slow third',
    description: 'A third of the attempts takes 800 ms longer, for ten seconds.',
    servers: [ROOMY],
    faults: [{ kind: 'delay', ms: 800, share: 1 / 3, ...USUAL.trigger }],
  },
  allSlow: {
    ...USUAL,
    name: 'all slow',
    description: 'Every attempt takes 300 ms longer for ten seconds, and is answered.',
    servers: [ROOMY],
    faults: [{ kind: 'delay', ms: 300, ...USUAL.trigger }],
  },
  randomErrors: {
    ...USUAL,
    name: 'random errors',
    description: 'Three attempts in ten are answered 503, independently of each other, for ten seconds.',
    servers: [ROOMY],
    faults: [{ kind: 'error', status: 503, share: 0.3, ...USUAL.trigger }],
  },
  grayReplica: {
    ...USUAL,
    name: 'gray replica',
    description: 'One of three replicas answers half of its requests 503, for ten seconds.',
    servers: replicas(3),
    faults: [{ kind: 'error', status: 503, share: 0.5, servers: ['server 2'], ...USUAL.trigger }],
  },
  blip: {
    name: 'blip',
    description: 'At 93 % of capacity, the server is stopped for half a second.',
    servers: [HOTOS],
    load: { patienceMs, rates: [{ fromMs: 0, perS: 280 }] },
    faults: [{ kind: 'stop', fromMs: 10_000, toMs: 10_500 }],
    trigger: { fromMs: 10_000, toMs: 10_500 },
    lengthMs: 40_000,
  },
  cut: {
    ...USUAL,
    name: 'cut',
    description:
      'At 93 % of capacity, the server is stopped for ten seconds (HotOS 2021): retries keep a naive client down for ever.',
    servers: [HOTOS],
    load: { patienceMs, rates: [{ fromMs: 0, perS: 280 }] },
    faults: [{ kind: 'stop', ...USUAL.trigger }],
  },
  retryStorm: {
    ...USUAL,
    name: 'retry storm',
    description:
      'Two services between callers and server, and all three hops retry. The server is stopped for two seconds, at 80 % of capacity.',
    servers: [TIGHT],
    through: [
      { ...ROOMY, name: 'outer service', service: constant(1) },
      { ...ROOMY, name: 'inner service', service: constant(1) },
    ],
    load: { patienceMs, rates: [{ fromMs: 0, perS: 400 }] },
    faults: [{ kind: 'stop', fromMs: 10_000, toMs: 12_000 }],
    trigger: { fromMs: 10_000, toMs: 12_000 },
  },
  hundredClients: {
    ...USUAL,
    name: 'hundred clients',
    description: 'The overload, but from a hundred processes, none of which sees more than a hundredth of it.',
    servers: [TIGHT],
    load: { ...BURST, clients: 100 },
  },
} as const satisfies Readonly<Record<string, Scenario>>;
