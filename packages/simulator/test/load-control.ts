/** Scenarios for deadline admission, the adaptive limit and the count of abandoned attempts: what they are for, and what could teach them wrongly. */
import { DEFAULTS } from '@halfopen/client';
import {
  constant,
  exponential,
  type Figures,
  figuresBetween,
  lognormal,
  type PolicyOptions,
  type Scenario,
  type ServerOptions,
  simulate,
} from '../src/index.ts';

export interface LoadCase {
  readonly scenario: Scenario;
  readonly options: PolicyOptions;
  /** Calls a second that the server can answer during the trouble. */
  readonly capacityPerS: number;
}

export const LOAD_CONTROL = { deadlineAdmission: true, adaptiveLimit: true, countAbandoned: true } as const;

/** Two workers of 40 ms, so 50 calls a second, and a queue without end that also holds those who have left. */
const SMALL: ServerOptions = { name: 'server', workers: 2, service: constant(40) };
/** Thirty workers of 100 ms, so 300 a second (N. Bronson et al., "Metastable Failures in Distributed Systems", HotOS 2021, §2.1). */
const LARGE: ServerOptions = { name: 'server', workers: 30, service: constant(100) };
/** As many workers as anybody needs, which stop when their caller leaves: whatever times out here, no queue is the reason. */
const ENDLESS: ServerOptions = { name: 'server', workers: 2_000, service: exponential(20), stopsAbandonedWork: true };

const NARROW: PolicyOptions = { deadlineMs: 1_000, maxInFlight: 8 };
const WIDE: PolicyOptions = { deadlineMs: 1_000, maxInFlight: 128 };

const overload = (perS: number, options: PolicyOptions, server = SMALL, clients = 1): LoadCase => ({
  options,
  capacityPerS: 50,
  scenario: {
    name: 'overload',
    description: 'Eight seconds of more calls than the server can answer.',
    servers: [server],
    load: {
      clients,
      rates: [
        { fromMs: 0, perS: 24 },
        { fromMs: 8_000, perS },
        { fromMs: 16_000, perS: 24 },
      ],
    },
    trigger: { fromMs: 8_000, toMs: 16_000 },
    lengthMs: 30_000,
  },
});

type Trouble = Pick<Scenario, 'faults' | 'trigger'> & {
  readonly options?: PolicyOptions;
  readonly capacityPerS?: number;
};

const steady = (perS: number, server: ServerOptions, trouble: Partial<Trouble> = {}): LoadCase => {
  const { options = {}, capacityPerS = perS, trigger = { fromMs: 5_000, toMs: 45_000 }, faults = [] } = trouble;
  return {
    options,
    capacityPerS,
    scenario: {
      name: 'steady',
      description: 'The same load all the time.',
      servers: [server],
      load: { rates: [{ fromMs: 0, perS }] },
      faults,
      trigger,
      lengthMs: trigger.toMs + 20_000,
    },
  };
};

const stopped = (fromMs: number, toMs: number): Partial<Trouble> => ({
  faults: [{ kind: 'stop', fromMs, toMs }],
  trigger: { fromMs, toMs },
});
const slowed = (factor: number): Partial<Trouble> => {
  const trigger = { fromMs: 8_000, toMs: 18_000 };
  return { faults: [{ kind: 'slow', factor, ...trigger }], trigger };
};
/** A share of the attempts hangs, all the time. */
const hanging = (share: number, options: PolicyOptions = {}): Partial<Trouble> => ({
  options,
  faults: [{ kind: 'delay', ms: 60_000, share, fromMs: 0, toMs: 65_000 }],
});

/** What the three are for. */
export const TROUBLE: Readonly<Record<string, LoadCase>> = {
  '96/s, 8 places': overload(96, NARROW),
  '240/s, 8 places': overload(240, NARROW),
  '96/s, 128 places': overload(96, WIDE),
  '240/s, 128 places': overload(240, WIDE),
  '96/s, 512 places': overload(96, { ...WIDE, maxInFlight: 512 }),
  '96/s, 128 places, deadline 2 s': overload(96, {}),
  '240/s, 128 places, deadline 2 s': overload(240, {}),
  '96/s, 128 places, exponential': overload(96, WIDE, { ...SMALL, service: exponential(40) }),
  '96/s, 10 clients': overload(96, WIDE, SMALL, 10),
  '24/s, three times slower': steady(24, SMALL, { ...slowed(3), options: WIDE, capacityPerS: 50 / 3 }),
  '24/s, stopped for 8 s': steady(24, SMALL, { ...stopped(8_000, 16_000), options: NARROW }),
  '250/s at 200 ms, stopped for 3 s': steady(
    250,
    { ...LARGE, workers: 64, service: constant(200) },
    stopped(8_000, 11_000),
  ),
  '255/s of 300, stopped for 0.5 s': steady(255, LARGE, stopped(8_000, 8_500)),
  '280/s of 300, stopped for 0.5 s': steady(280, LARGE, stopped(8_000, 8_500)),
  '285/s of 300, stopped for 0.5 s': steady(285, LARGE, stopped(8_000, 8_500)),
};

/** Nothing is wrong, or nothing that fewer calls would help. */
export const NO_QUEUE: Readonly<Record<string, LoadCase>> = {
  'half of the capacity': steady(25, SMALL, { options: NARROW }),
  '0.9 of the capacity': steady(45, SMALL, { options: NARROW }),
  'bursts of 40': {
    ...steady(10, SMALL, { options: NARROW }),
    scenario: {
      ...steady(10, SMALL).scenario,
      load: { rates: [{ fromMs: 0, perS: 10 }], bursts: { everyMs: 5_000, calls: 40 } },
    },
  },
  'variable times, 0.9 of the capacity': steady(540, { ...LARGE, service: exponential(50) }),
  'long tail': steady(300, { ...LARGE, service: lognormal(20, 20) }),
  'slow but well: 400 of 500 ms': steady(80, { ...LARGE, workers: 64, service: constant(400) }),
  'a quarter hangs': steady(60, ENDLESS, hanging(0.25)),
  'a quarter hangs, deadline 1 s': steady(60, ENDLESS, hanging(0.25, { deadlineMs: 1_000 })),
  'a quarter hangs, others take 300 ms': steady(60, { ...ENDLESS, service: constant(300) }, hanging(0.25)),
  'two of five hang': steady(60, ENDLESS, hanging(0.4)),
  'a third takes 800 ms': steady(
    100,
    { ...ENDLESS, service: constant(5) },
    {
      faults: [{ kind: 'delay', ms: 800, share: 1 / 3, fromMs: 0, toMs: 65_000 }],
    },
  ),
  'a wall of 404': steady(60, ENDLESS, {
    faults: [{ kind: 'error', status: 404, share: 0.9, fromMs: 0, toMs: 65_000 }],
  }),
  'fast errors beside slow answers': steady(
    60,
    { ...ENDLESS, service: constant(450) },
    {
      faults: [{ kind: 'error', status: 500, share: 0.4, fromMs: 0, toMs: 65_000 }],
    },
  ),
};

/** Ten seconds of trouble that teach as much as can be taught, two minutes of quiet, and an overload or a healthy rush. */
const afterQuiet = (server: ServerOptions, quietPerS: number, thenPerS: number, capacityPerS: number): LoadCase => ({
  options: WIDE,
  capacityPerS,
  scenario: {
    name: 'after quiet',
    description: 'An overload, two minutes of almost nothing, and another rush.',
    servers: [server],
    load: {
      rates: [
        { fromMs: 0, perS: 4 * capacityPerS },
        { fromMs: 10_000, perS: quietPerS },
        { fromMs: 130_000, perS: thenPerS },
        { fromMs: 138_000, perS: capacityPerS / 2 },
      ],
    },
    trigger: { fromMs: 130_000, toMs: 138_000 },
    lengthMs: 148_000,
  },
});
export const QUIET: Readonly<Record<string, LoadCase>> = {
  'overload after two quiet minutes': afterQuiet(SMALL, 0.5, 96, 50),
  'a healthy rush after two quiet minutes': afterQuiet({ ...LARGE, service: constant(200) }, 0.5, 120, 150),
};

export interface Measured {
  /** Answered calls during the trouble. The mean of all seeds. */
  readonly success: number;
  /** The same as a share of what the server could answer. Above 1 if a queue is answered after the trouble. */
  readonly goodput: number;
  readonly attemptsPerCall: number;
  /** Median and worst milliseconds until callers are answered again. */
  readonly recoveryMs: number;
  readonly worstRecoveryMs: number;
}

/** @param switches what to change of the options of the case */
export async function measure(
  { options, scenario, capacityPerS }: LoadCase,
  switches: PolicyOptions,
  seeds: number | readonly number[],
): Promise<Measured> {
  // A bare call waits for ever. Its caller does not: it leaves just after the deadline that the others have.
  const load = { ...scenario.load, patienceMs: (options.deadlineMs ?? DEFAULTS.deadlineMs) + 1 };
  const { runs } = await simulate({ ...options, ...switches }, { ...scenario, load }, { seeds });
  const { fromMs, toMs } = scenario.trigger;
  const during: Figures[] = runs.map(({ journal }) => figuresBetween(journal, fromMs, toMs));
  const mean = (of: (figures: Figures) => number) => during.reduce((sum, one) => sum + of(one), 0) / during.length;
  const recoveries = runs.map(({ recoveryMs }) => recoveryMs ?? Number.NaN).toSorted((a, b) => a - b);
  return {
    success: mean(({ success }) => success),
    goodput: mean(({ goodputPerS }) => goodputPerS) / capacityPerS,
    attemptsPerCall: mean(({ attemptsPerCall }) => attemptsPerCall),
    recoveryMs: recoveries[Math.floor(recoveries.length / 2)] ?? Number.NaN,
    worstRecoveryMs: recoveries.at(-1) ?? Number.NaN,
  };
}
