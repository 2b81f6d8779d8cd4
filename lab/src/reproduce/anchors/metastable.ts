import { createRetryBudget } from '@halfopen/client';
import {
  type Configuration,
  constant,
  figuresBetween,
  runScenario,
  type Scenario,
  standard,
} from '@halfopen/simulator';
import type { Anchor, Claim } from '../anchor.ts';
import { agrees, fixed, type Measured, meanOf, medianOf, secondsText, shareOf, sharesText } from '../measured.ts';
import { linesPicture } from '../pictures/lines-picture.ts';
import { successOverTime } from '../pictures/success-over-time.ts';
import { publishedClient } from '../published-client.ts';

const PER_S = 280;
const CUT = { fromMs: 10_000, toMs: 20_000 };
const LENGTH_MS = 60_000;

/** 300 a second: thirty at a time, 100 ms each. Its queue has no end, and what is in it is served whether or not anybody waits. */
export const CUT_SCENARIO: Scenario = {
  name: 'a cut of ten seconds',
  description: '280 calls a second to a server of 300 a second, which is cut off for ten seconds.',
  servers: [{ name: 'database', workers: 30, service: constant(100) }],
  network: { delay: constant(0.5) },
  load: { rates: [{ fromMs: 0, perS: PER_S }] },
  faults: [{ kind: 'stop', ...CUT }],
  trigger: CUT,
  lengthMs: LENGTH_MS,
};

export const oneRetry = { attempts: 2, attemptTimeoutMs: 1_000 };

interface Kind {
  readonly configuration: Configuration;
  readonly clients?: number;
  readonly published?: string;
}

const AT_ONCE = 'one retry, at once';
const BUDGET = 'one retry, with our budget and nothing else';
const STANDARD = 'standard';

const KINDS: Readonly<Record<string, Kind>> = {
  [AT_ONCE]: {
    configuration: publishedClient(oneRetry),
    published: '560/s arrive and none is answered in time, for ever',
  },
  [BUDGET]: {
    configuration: publishedClient({ ...oneRetry, backoffBaseMs: 50, budget: () => ({ budget: createRetryBudget() }) }),
  },
  [STANDARD]: { configuration: standard },
  'standard, in 100 processes': { configuration: standard, clients: 100 },
};

export const metastable: Anchor = {
  name: 'metastable',
  title: 'Metastable: 280 of 300 queries a second',
  sources: [
    {
      authors: 'N. Bronson, A. Aghayev, A. Charapko, T. Zhu',
      title: 'Metastable Failures in Distributed Systems (HotOS ’21), § 2.1',
      year: 2021,
      url: 'https://sigops.org/s/conferences/hotos/2021/papers/hotos21-s11-bronson.pdf',
    },
  ],
  method: [
    'A database answers 300 queries a second; 280 a second come, and each is tried once more when it fails. The connection is cut for ten seconds; what was sent arrives afterwards, as TCP sends it again.',
    'Assumed, because the paper is about the principle: thirty queries at a time, of 100 ms each; a queue without end that also serves those who have left; attempts that end after a second; calls at random (Poisson). We look at the forty seconds after the cut; "never" means that fewer than half of the calls succeed in its last ten. It holds if that is so in every run, with 560 requests a second (within 1 %, or the 99 % interval) and a success below 1 %. There is no code of the authors for this example.',
  ],
  seeds: 6,
  variants: Object.keys(KINDS).length,
  async run(replicate) {
    const claims: Claim[] = [];
    const lines = new Map<string, ReturnType<typeof successOverTime>>();
    for (const [name, { configuration, clients, published }] of Object.entries(KINDS)) {
      const scenario =
        clients === undefined ? CUT_SCENARIO : { ...CUT_SCENARIO, load: { ...CUT_SCENARIO.load, clients } };
      // oxlint-disable-next-line no-await-in-loop -- one processor
      const runs = await replicate((seed, options) => runScenario(configuration, scenario, seed, options));
      const late = runs.map(({ journal }) => figuresBetween(journal, LENGTH_MS - 10_000, LENGTH_MS));
      const success = meanOf(late.map((figures) => figures.success));
      const never = shareOf(late.map((figures) => figures.success < 0.5));
      const load = meanOf(runs.map(({ samples }) => samples.receivedBetween(LENGTH_MS - 10_000, LENGTH_MS) / 10));
      const recovery = medianOf(runs.map(({ recoveryMs }) => recoveryMs ?? Number.NaN));
      if (runs.length > 0) lines.set(name, successOverTime(runs, LENGTH_MS));
      claims.push({
        what: `${name}: runs that do not come back`,
        published: published ?? '–',
        ours: oursText({ never, load, success, recovery }),
        measured: never,
        holds:
          published === undefined || runs.length === 0
            ? null
            : never.value === 1 && agrees(load, 2 * PER_S, 0.01) === true && success.value < 0.01,
      });
    }
    return {
      claims,
      findings: [
        'A budget alone does not bring it back within the forty seconds: nothing is retried any more, but the backlog of ten seconds is worked off with the 20/s that are left, which takes more than two minutes. The standard policy comes back because its breaker opens and the backlog is not added to.',
      ],
      picture: lines.size === 0 ? null : pictureOf(lines),
    };
  },
};

function oursText(of: Readonly<Record<'never' | 'load' | 'success' | 'recovery', Measured>>): string {
  if (of.never.runs === 0) return '–';
  const percent = `${fixed(1)(100 * of.success.value)} %`;
  return `${sharesText(of.never)}; at last ${fixed(0)(of.load.value)}/s and ${percent} success; median recovery ${secondsText(of.recovery.value)}`;
}

function pictureOf(lines: ReadonlyMap<string, ReturnType<typeof successOverTime>>) {
  const alt =
    'Share of calls that succeed, over time. After a cut of ten seconds, one retry at once leaves it at zero. The standard policy comes back within seconds.';
  return {
    svg: linesPicture({
      id: 'metastable',
      title: '280 of 300 queries a second, after a cut of ten seconds',
      description: alt,
      x: { label: 'seconds', domain: [0, LENGTH_MS / 1_000] },
      y: {
        label: 'Share of calls that succeed, mean of all runs',
        domain: [0, 1],
        format: (share) => `${100 * share} %`,
      },
      trouble: { from: CUT.fromMs / 1_000, to: CUT.toMs / 1_000, label: 'cut' },
      series: [
        { name: AT_ONCE, colour: 'var(--second)', points: lines.get(AT_ONCE) ?? [] },
        { name: BUDGET, colour: 'var(--ink)', dash: '2 3', points: lines.get(BUDGET) ?? [] },
        { name: STANDARD, colour: 'var(--first)', dash: '6 3', points: lines.get(STANDARD) ?? [] },
      ],
    }),
    alt,
  };
}
