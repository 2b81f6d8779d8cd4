import { createRetryBudget } from '@halfopen/client';
import {
  type Configuration,
  constant,
  exponential,
  figuresBetween,
  runScenario,
  type Scenario,
} from '@halfopen/simulator';
import type { Anchor, Claim } from '../anchor.ts';
import { fixed, type Measured, meanOf, medianOf, secondsText, shareOf, sharesText } from '../measured.ts';
import { linesPicture } from '../pictures/lines-picture.ts';
import { successOverTime } from '../pictures/success-over-time.ts';
import { publishedClient } from '../published-client.ts';

const SPIKE = { fromMs: 20_000, toMs: 25_000 };
const LENGTH_MS = 80_000;

/** His server: a request takes a second, and 10 ms more for each that is in progress, itself included. */
export const SPIKE_SCENARIO: Scenario = {
  name: 'a spike',
  description: '40 calls a second, and 80 for five seconds, to a server that is the slower the more it has to do.',
  servers: [
    {
      name: 'server',
      workers: 1_000_000,
      service: constant(1_000),
      slowsBy: ({ inProgress }) => 10 * inProgress,
    },
  ],
  network: { delay: exponential(100) },
  load: {
    rates: [
      { fromMs: 0, perS: 40 },
      { fromMs: SPIKE.fromMs, perS: 80 },
      { fromMs: SPIKE.toMs, perS: 40 },
    ],
  },
  trigger: SPIKE,
  lengthMs: LENGTH_MS,
};

/** Of the source's own code. */
const THEIRS_SHARE = 0.73;

export const three = { attempts: 3, attemptTimeoutMs: 3_000 };
const ourBudget = () => ({ budget: createRetryBudget() });

interface Kind {
  readonly configuration: Configuration;
  readonly published: string;
  readonly theirs?: string;
  /** Whether the share of collapsed runs agrees with the source. */
  readonly agrees?: (collapsed: Measured) => boolean;
}

const KINDS: Readonly<Record<string, Kind>> = {
  'three tries, at once': {
    configuration: publishedClient(three),
    published: 'stays down after the spike',
    theirs: '73 of 100',
    agrees: ({ low, high }) => low <= THEIRS_SHARE && THEIRS_SHARE <= high,
  },
  'three tries, back-off of 20 s · 2ⁿ with full jitter': {
    configuration: publishedClient({ ...three, backoffBaseMs: 20_000 }),
    published: 'recovers',
    theirs: '0 of 20',
    agrees: ({ value }) => value === 0,
  },
  'three tries, back-off of 50 ms · 2ⁿ with full jitter (ours), no budget': {
    configuration: publishedClient({ ...three, backoffBaseMs: 50 }),
    published: '–',
  },
  'three tries at once, with our budget': {
    configuration: publishedClient({ ...three, budget: ourBudget }),
    published: '–',
  },
  'standard, with attempts of 3 s': {
    configuration: { attemptTimeoutMs: 3_000, deadlineMs: 12_000 },
    published: '–',
  },
};

export const collapse: Anchor = {
  name: 'collapse',
  title: 'Congestive collapse after a spike',
  sources: [
    {
      authors: 'M. Brooker',
      title: 'simulator_example, simple_collapse_sim',
      year: 2023,
      url: 'https://github.com/mbrooker/simulator_example/tree/bbfe3946f0459a69f6012737c68fc63b973471be/simple_collapse_sim',
    },
    {
      authors: 'M. Brooker',
      title: 'What is Backoff For?',
      year: 2022,
      url: 'https://brooker.co.za/blog/2022/08/11/backoff.html',
    },
  ],
  method: [
    'Forty calls a second, and eighty for five seconds, to a server that takes 1 s and 10 ms more for each request in progress. Attempts end after 3 s; a call has three; the network takes exp(100 ms) each way; what a client gives up is worked on to the end.',
    'A run has collapsed if less than half of the calls succeed that are due 35 to 55 s after the spike. The source prints averages of ten runs, and names no share; the criterion is ours, applied to its code and to ours alike. Collapse after this spike is a matter of chance: the share holds if his lies within our 99 % interval.',
  ],
  ownCode:
    '[mbrooker/simulator_example](https://github.com/mbrooker/simulator_example) (BSD-2-Clause), commit bbfe394, `simple_collapse_sim`: `run_sim_spike` with the seeds 1 to 100 for `Client` and 1 to 20 for `ClientWithBackoffAndJitter`, with the criterion above.',
  seeds: 20,
  variants: Object.keys(KINDS).length,
  async run(replicate) {
    const claims: Claim[] = [];
    const lines = new Map<string, ReturnType<typeof successOverTime>>();
    for (const [name, { configuration, published, theirs, agrees }] of Object.entries(KINDS)) {
      // oxlint-disable-next-line no-await-in-loop -- one processor
      const runs = await replicate((seed, options) => runScenario(configuration, SPIKE_SCENARIO, seed, options));
      const late = runs.map(({ journal }) => figuresBetween(journal, 60_000, LENGTH_MS));
      const collapsed = shareOf(late.map(({ success }) => success < 0.5));
      const attempts = meanOf(late.map(({ attemptsPerCall }) => attemptsPerCall));
      const recovery = medianOf(runs.map(({ recoveryMs }) => recoveryMs ?? Number.NaN));
      if (runs.length > 0) lines.set(name, successOverTime(runs, LENGTH_MS));
      claims.push({
        what: `${name}: runs that collapse`,
        published,
        ...(theirs === undefined ? {} : { theirs }),
        ours:
          runs.length === 0
            ? '–'
            : `${sharesText(collapsed)}; then ${fixed(2)(attempts.value)} attempts per call; median recovery ${secondsText(recovery.value)}`,
        measured: collapsed,
        holds: agrees === undefined || runs.length === 0 ? null : agrees(collapsed),
      });
    }
    return {
      claims,
      findings: [
        'A back-off of tens of milliseconds does nothing against a backlog of seconds. What ends the collapse is either a back-off longer than the backlog, or a budget: it bounds the work that retries add, whatever their timing.',
      ],
      picture: lines.size === 0 ? null : pictureOf(lines),
    };
  },
};

const SHOWN = [
  { name: 'three tries, at once', label: 'three tries at once', colour: 'var(--second)' },
  {
    name: 'three tries, back-off of 50 ms · 2ⁿ with full jitter (ours), no budget',
    label: '+ back-off of 50 ms',
    colour: 'var(--ink)',
    dash: '2 3',
  },
  { name: 'three tries at once, with our budget', label: '+ our budget', colour: 'var(--success)', dash: '6 3' },
  { name: 'standard, with attempts of 3 s', label: 'standard', colour: 'var(--first)' },
] as const;

function pictureOf(lines: ReadonlyMap<string, ReturnType<typeof successOverTime>>) {
  const alt =
    'Share of calls that succeed, over time, mean of all seeds. After the spike, three tries at once stay down in most runs, and so they do with a back-off of 50 ms. With a budget, and with the standard policy, calls succeed again within seconds.';
  return {
    svg: linesPicture({
      id: 'collapse',
      title: 'Collapse after a spike',
      description: alt,
      x: { label: 'seconds', domain: [0, LENGTH_MS / 1_000] },
      y: {
        label: 'Share of calls that succeed, mean of all runs',
        domain: [0, 1],
        format: (share) => `${100 * share} %`,
      },
      trouble: { from: SPIKE.fromMs / 1_000, to: SPIKE.toMs / 1_000, label: '80/s' },
      series: SHOWN.flatMap(({ name, label, ...sign }) => {
        const points = lines.get(name);
        return points === undefined ? [] : [{ ...sign, name: label, points }];
      }),
    }),
    alt,
  };
}
