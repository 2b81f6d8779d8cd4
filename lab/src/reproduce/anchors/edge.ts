import { constant, exponential, figuresBetween, runScenario, type Scenario, standard } from '@halfopen/simulator';
import type { Anchor, Claim } from '../anchor.ts';
import { shareOf, sharesText } from '../measured.ts';
import { linesPicture } from '../pictures/lines-picture.ts';
import { successOverTime } from '../pictures/success-over-time.ts';
import { publishedClient } from '../published-client.ts';

const FROM_MS = 5_000;
/** Metastable: fewer than half of the calls succeed that are due in this time, so long after the trigger. */
const LATE = { afterMs: 15_000, toMs: 20_000 };

/** Of the experiment's thousands; the outcome depends on ratios only. */
const PER_S = 80;
const WORKERS = 10;

interface Trial {
  readonly seconds: number;
  /** Share of the processor that the trigger leaves. */
  readonly left: number;
  /** Of the load of the experiment. */
  readonly load: number;
}

/** Load by capacity, without a trigger: the one number that is not published. */
const UTILISATION = 0.36;

export function triggerOf({ seconds, left, load }: Trial, utilisation = UTILISATION): Scenario {
  const trigger = { fromMs: FROM_MS, toMs: FROM_MS + 1_000 * seconds };
  return {
    name: `${seconds} s with ${100 * left} % of the processor`,
    description: 'A database that is slowed down for some seconds, and clients that resend four times.',
    servers: [{ name: 'primary', workers: WORKERS, service: exponential((1_000 * WORKERS * utilisation) / PER_S) }],
    network: { delay: constant(0.5) },
    load: { rates: [{ fromMs: 0, perS: PER_S * load }], arrivals: 'even' },
    faults: [{ kind: 'slow', factor: 1 / left, ...trigger }],
    trigger,
    lengthMs: trigger.toMs + LATE.toMs,
  };
}

/** Their client: a timeout of 3 s, and four resends at once. */
export const resends = publishedClient({ attempts: 5, attemptTimeoutMs: 3_000 });

export function isMetastable({ journal, scenario }: Awaited<ReturnType<typeof runScenario>>): boolean {
  const { toMs } = scenario.trigger;
  return figuresBetween(journal, toMs + LATE.afterMs, toMs + LATE.toMs).success < 0.5;
}

/** 0.45 and 0.40 of a core, of two. */
export const TRIALS = {
  '10 s, −78 % processor': { trial: { seconds: 10, left: 0.225, load: 1 }, stays: false },
  '10 s, −80 % processor': { trial: { seconds: 10, left: 0.2, load: 1 }, stays: true },
  '9 s, −80 % processor': { trial: { seconds: 9, left: 0.2, load: 1 }, stays: false },
  '10 s, −80 % processor, −30 % load': { trial: { seconds: 10, left: 0.2, load: 0.7 }, stays: false },
} as const satisfies Readonly<Record<string, { readonly trial: Trial; readonly stays: boolean }>>;

/** Where the four outcomes are looked for. */
const UTILISATIONS = [0.33, 0.34, 0.35, 0.36, 0.37, 0.38];

const STANDARD = 'standard, 10 s, −80 % processor';

export const edge: Anchor = {
  name: 'edge',
  title: 'The edge between a trigger of 9 s and one of 10 s',
  sources: [
    {
      authors: 'L. Huang et al.',
      title: 'Metastable Failures in the Wild (OSDI ’22), retry metastability',
      year: 2022,
      url: 'https://www.usenix.org/conference/osdi22/presentation/huang-lexiang',
    },
    {
      authors: 'L. Huang et al.',
      title: 'lexiangh/Metastability, Retry_Metastability',
      year: 2023,
      url: 'https://github.com/lexiangh/Metastability/tree/d66be9fd0c2396241f3fbc33376781e57bae763f/Retry_Metastability',
    },
  ],
  method: [
    'A MongoDB primary on two cores is limited to 0.45 or 0.40 of one for 9 or 10 s. The client sends at even intervals, gives an attempt 3 s, and resends four times at once. All of this is in the repository, and used here.',
    'Not published is how busy the primary is without the trigger: the one number that was fitted. We looked for utilisations that give all four outcomes (the last row), and use 0.36. Assumed as well: a queue without end that also serves those who have left, ten requests at a time, exponential service times, 80 calls a second instead of thousands. Metastable: fewer than half of the calls succeed that are due 15 to 20 s after the trigger. An outcome holds if it is that of more than half of the runs: their README says that runs differ, and that the rate may have to be tuned.',
    'The experiment needs three virtual machines on AWS; we have not run it.',
  ],
  seeds: 6,
  variants: Object.keys(TRIALS).length + 1 + UTILISATIONS.length,
  async run(replicate) {
    const claims: Claim[] = [];
    const lines = new Map<string, ReturnType<typeof successOverTime>>();
    const cases = [
      ...Object.entries(TRIALS).map(([name, one]) => ({ name, ...one, configuration: resends })),
      { name: STANDARD, trial: TRIALS['10 s, −80 % processor'].trial, stays: undefined, configuration: standard },
    ];
    for (const { name, trial, stays, configuration } of cases) {
      // oxlint-disable-next-line no-await-in-loop -- one processor
      const runs = await replicate((seed, options) => runScenario(configuration, triggerOf(trial), seed, options));
      const metastable = shareOf(runs.map(isMetastable));
      if (runs.length > 0) lines.set(name, successOverTime(runs, (runs[0] as (typeof runs)[number]).scenario.lengthMs));
      claims.push({
        what: `${name}: metastable runs`,
        published: stays === undefined ? '–' : stays ? 'metastable' : 'recovers',
        ours: sharesText(metastable),
        measured: metastable,
        holds: stays === undefined || runs.length === 0 ? null : metastable.value > 0.5 === stays,
      });
    }
    const all: number[] = [];
    let looked = 0;
    for (const utilisation of UTILISATIONS) {
      // oxlint-disable-next-line no-await-in-loop -- one processor
      const [agrees] = await replicate((seed, options) => allAsPublished(utilisation, seed, options), 1);
      if (agrees === undefined) continue;
      looked++;
      if (agrees) all.push(utilisation);
    }
    claims.push({
      what: `utilisations that give all four outcomes, of ${UTILISATIONS.join(', ')}`,
      published: '–',
      ours: looked === 0 ? '–' : all.length === 0 ? 'none' : all.join(', '),
      measured: { value: all.length, low: all.length, high: all.length, runs: Math.min(1, looked) },
      holds: null,
    });
    return { claims, findings: FINDINGS, picture: lines.size === 0 ? null : pictureOf(lines) };
  },
};

async function allAsPublished(utilisation: number, seed: number, options: Parameters<typeof runScenario>[3]) {
  for (const { trial, stays } of Object.values(TRIALS)) {
    // oxlint-disable-next-line no-await-in-loop -- one processor
    const run = await runScenario(resends, triggerOf(trial, utilisation), seed, options);
    if (isMetastable(run) !== stays) return false;
  }
  return true;
}

const FINDINGS = [
  'One number explains all four outcomes. While the trigger lasts, work piles up; once an attempt waits for 3 s, retries multiply the load. If at the end of the trigger more than 3 s of work (at full speed) are queued, every attempt times out from then on, and five attempts per call are more than the server can do. At 9 s it is just less, at 10 s just more. The edge is that sharp because the queue grows fastest at the end of the trigger. The standard policy pays for its short deadline of 2 s here: while the trigger lasts, answers take longer than that, and nobody is served; but it leaves no backlog behind.',
];

function pictureOf(lines: ReadonlyMap<string, ReturnType<typeof successOverTime>>) {
  const alt =
    'Share of calls that succeed, over time. After a trigger of 9 s, or of 10 s with a little more processor left, calls succeed again. After 10 s with 80 % of the processor taken away, they do not for half of the runs or more. The standard policy serves nobody while the trigger lasts, and everybody two seconds after it.';
  const sign = [
    { name: '10 s, −80 % processor', colour: 'var(--second)' },
    { name: '9 s, −80 % processor', colour: 'var(--ink)', dash: '2 3' },
    { name: '10 s, −78 % processor', colour: 'var(--success)', dash: '8 3' },
    { name: STANDARD, colour: 'var(--first)', dash: '4 3' },
  ];
  return {
    svg: linesPicture({
      id: 'edge',
      title: 'Nine seconds, or ten',
      description: alt,
      x: { label: 'seconds', domain: [0, (FROM_MS + 10_000 + LATE.toMs) / 1_000] },
      y: {
        label: 'Share of calls that succeed, mean of all runs',
        domain: [0, 1],
        format: (share) => `${100 * share} %`,
      },
      trouble: { from: FROM_MS / 1_000, to: FROM_MS / 1_000 + 10, label: 'trigger (10 s)' },
      series: sign.map((one) => ({ ...one, points: lines.get(one.name) ?? [] })),
    }),
    alt,
  };
}
