/**
 * Compares policies that are switched on one by one with a bare call and with the standard policy, in front of servers that are slow,
 * fail by chance, flap, stop or are overloaded. Prints a Markdown table for each scene.
 *
 *   pnpm --filter @halfopen/simulator compare:policies [seeds] [scenes, a regular expression] [policies, a regular expression]
 */
import process from 'node:process';
import {
  constant,
  exponential,
  type Fault,
  flapping,
  lognormal,
  none,
  type PolicyOptions,
  type Run,
  type Scenario,
  type ServerOptions,
  scenarios,
  simulate,
  standard,
} from '../src/index.ts';

const switchedOn: PolicyOptions = { patience: true, waitForReady: true, adaptiveRetries: true, maxInFlight: 256 };
const POLICIES: Readonly<Record<string, PolicyOptions>> = {
  none,
  standard,
  patience: { patience: true, maxInFlight: 256 },
  waitForReady: { waitForReady: true, maxInFlight: 256 },
  adaptiveRetries: { adaptiveRetries: true },
  'all three': switchedOn,
  'all, and load control': { ...switchedOn, deadlineAdmission: true, adaptiveLimit: true, countAbandoned: true },
};

/** Far from its capacity, and with admission, as our services have it. */
const ROOMY: ServerOptions = {
  name: 'server',
  workers: 256,
  service: lognormal(2, 3),
  discipline: 'admission',
  stopsAbandonedWork: true,
};
/** Two workers of 40 ms: 50 a second. Its queue has no end and also holds those who have left. */
const TIGHT: ServerOptions = { name: 'server', workers: 2, service: constant(40) };

const trigger = { fromMs: 4_000, toMs: 14_000 } as const;
const scene = (name: string, faults: readonly Fault[], changes: Partial<Scenario> = {}): Scenario => ({
  name,
  description: name,
  servers: [ROOMY],
  load: { patienceMs: 2_000, rates: [{ fromMs: 0, perS: 150 }] },
  trigger,
  lengthMs: (changes.trigger ?? trigger).toMs + 6_000,
  faults,
  ...changes,
});
const failing = (share: number): Fault[] => [{ kind: 'error', status: 503, share, ...trigger }];
const outage = (ms: number): Scenario => {
  const lasts = { fromMs: trigger.fromMs, toMs: trigger.fromMs + ms };
  return scene(`outage of ${ms / 1_000} s`, [{ kind: 'error', status: 503, ...lasts }], { trigger: lasts });
};
const overload = (perS: number): Scenario =>
  scene(`${perS / 50}× overload without admission`, [], {
    servers: [TIGHT],
    load: {
      patienceMs: 2_000,
      rates: [
        { fromMs: 0, perS: 24 },
        { fromMs: 8_000, perS },
        { fromMs: 16_000, perS: 24 },
      ],
    },
    trigger: { fromMs: 8_000, toMs: 16_000 },
    lengthMs: 32_000,
  });

const SCENES: readonly Scenario[] = [
  scene('well', []),
  scene('all slow, 800 ms', [{ kind: 'delay', ms: 800, ...trigger }]),
  scene('all slow, 1,500 ms', [{ kind: 'delay', ms: 1_500, ...trigger }]),
  scene('a third slow, 800 ms', [{ kind: 'delay', ms: 800, share: 0.33, ...trigger }]),
  scene('f = 0.3', failing(0.3)),
  scene('f = 0.5', failing(0.5)),
  scene('f = 0.75', failing(0.75)),
  scene('flapping, 0.3 s and 0.3 s', flapping({ kind: 'error', status: 503, ...trigger }, 600, 300)),
  outage(500),
  outage(60_000),
  { ...scenarios.blip, name: 'blip at 93 %' },
  overload(100),
  overload(240),
  scene(
    'taught by slow answers, then silence',
    [
      { kind: 'delay', ms: 1_400, fromMs: 2_000, toMs: 8_000 },
      { kind: 'drop', fromMs: 8_000, toMs: 12_000 },
    ],
    { trigger: { fromMs: 8_000, toMs: 12_000 } },
  ),
  scene('fast errors beside slow answers', [
    { kind: 'delay', ms: 700, ...trigger },
    { kind: 'error', status: 503, share: 0.5, ...trigger },
  ]),
  scene(
    'taught by errors that retries pay, then overload',
    [{ kind: 'error', status: 503, share: 0.3, fromMs: 2_000, toMs: 16_000 }],
    {
      servers: [{ name: 'server', workers: 20, service: exponential(40) }],
      load: {
        patienceMs: 2_000,
        rates: [
          { fromMs: 0, perS: 200 },
          { fromMs: 10_000, perS: 1_000 },
          { fromMs: 16_000, perS: 200 },
        ],
      },
      trigger: { fromMs: 10_000, toMs: 16_000 },
      lengthMs: 30_000,
    },
  ),
  scene(
    'taught by failures that runs are chance, then outage',
    [
      { kind: 'error', status: 503, share: 0.9, fromMs: 2_000, toMs: 8_000 },
      { kind: 'refuse', fromMs: 8_000, toMs: 18_000 },
    ],
    { trigger: { fromMs: 8_000, toMs: 18_000 } },
  ),
  { ...scenarios.cut, name: 'stopped for 10 s at 93 %' },
  { ...scenarios.hundredClients, name: 'a hundred clients, overload without admission' },
];

const print = (line: string) => process.stdout.write(`${line}\n`);
const [seeds = '20', scenes = '.', policies = '.'] = process.argv.slice(2);
for (const one of SCENES.filter(({ name }) => new RegExp(scenes).test(name))) {
  print(
    `\n### ${one.name}\n\n| policies | success | worst seed | goodput/s | attempts/call | p50/p99 ms | recovery ms, median (worst) |`,
  );
  print('| --- | ---: | ---: | ---: | ---: | ---: | ---: |');
  for (const [name, configuration] of Object.entries(POLICIES).filter(([key]) => new RegExp(policies).test(key))) {
    // oxlint-disable-next-line no-await-in-loop -- each simulation takes a whole processor
    const { runs } = await simulate(configuration, one, { seeds: Number(seeds) });
    print(rowOf(name, runs));
  }
}

function rowOf(name: string, runs: readonly Run[]): string {
  const mean = (of: (run: Run) => number) => runs.reduce((sum, run) => sum + of(run), 0) / runs.length;
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const recoveries = runs.map(({ recoveryMs }) => recoveryMs ?? Number.NaN).toSorted((a, b) => a - b);
  const cells = [
    name,
    percent(mean(({ during }) => during.success)),
    percent(Math.min(...runs.map(({ during }) => during.success))),
    mean(({ during }) => during.goodputPerS).toFixed(1),
    mean(({ during }) => during.attemptsPerCall).toFixed(2),
    `${mean(({ during }) => during.p50Ms ?? Number.NaN).toFixed(0)}/${mean(({ during }) => during.p99Ms ?? Number.NaN).toFixed(0)}`,
    `${recoveries[recoveries.length >> 1]} (${recoveries.at(-1)})`,
  ];
  return `| ${cells.join(' | ')} |`;
}
