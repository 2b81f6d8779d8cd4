import {
  type Configuration,
  constant,
  figuresBetween,
  runScenario,
  SAMPLE_MS,
  type Scenario,
  standard,
} from '@halfopen/simulator';
import type { Anchor, Claim } from '../anchor.ts';
import { fixed, type Measured, meanOf, medianOf, secondsText, shareOf, sharesText } from '../measured.ts';
import { publishedClient } from '../published-client.ts';

const BURST = { fromMs: 20_000, toMs: 30_000 };
/** Their oracle looks at the time from 20 s to 45 s after the burst, and at callers' success in its last 20 s. */
const [MIDDLE_MS, END_MS] = [BURST.toMs + 20_000, BURST.toMs + 45_000];
const OBSERVED_MS = 20_000;

/** @param perS what the backend can serve a second */
export function burstOn(perS: number): Scenario {
  return {
    name: 'search and rate',
    description: 'Eight searches a second, and forty for ten seconds, to a backend with a queue of 256.',
    servers: [{ name: 'rate', workers: 1, service: constant(1_000 / perS), maxQueued: 256 }],
    network: { delay: constant(0.5) },
    load: {
      rates: [
        { fromMs: 0, perS: 8 },
        { fromMs: BURST.fromMs, perS: 40 },
        { fromMs: BURST.toMs, perS: 8 },
      ],
    },
    trigger: BURST,
    lengthMs: END_MS,
  };
}

type SearchRun = Awaited<ReturnType<typeof runScenario>>;

/** The part of their oracle that callers and the backend feel. */
export function isCollapsed({ journal, samples }: SearchRun): boolean {
  const { success } = figuresBetween(journal, END_MS - OBSERVED_MS, END_MS);
  const calls = journal.firstDueAt(END_MS) - journal.firstDueAt(MIDDLE_MS);
  return success <= 0.5 && samples.receivedBetween(MIDDLE_MS, END_MS) / calls >= 2;
}

/** Their whole oracle: the queue must also be long, and not shrink. */
function isMetastable(run: SearchRun): boolean {
  const queuedAt = (atMs: number) => run.samples.queued[Math.round(atMs / SAMPLE_MS)] ?? 0;
  return isCollapsed(run) && queuedAt(END_MS) >= 20 && queuedAt(END_MS) + 5 >= queuedAt(MIDDLE_MS);
}

export const vulnerable = publishedClient({ attempts: 3, attemptTimeoutMs: 750, backoffBaseMs: 50 });

interface Case {
  readonly name: string;
  readonly configuration: Configuration;
  readonly perS: number;
  readonly published?: { readonly text: string; readonly metastable: 0 | 1 };
}

const CASES: readonly Case[] = [
  {
    name: 'vulnerable: 20/s, three attempts of 750 ms',
    configuration: vulnerable,
    perS: 20,
    published: { text: 'metastable 45 s after the burst', metastable: 1 },
  },
  {
    name: 'mitigated: 50/s, two attempts of 1,000 ms',
    configuration: publishedClient({ attempts: 2, attemptTimeoutMs: 1_000, backoffBaseMs: 50 }),
    perS: 50,
    published: { text: 'recovers', metastable: 0 },
  },
  { name: 'standard, still at 20/s', configuration: standard, perS: 20 },
  { name: 'standard with attempts of 750 ms, still at 20/s', configuration: { attemptTimeoutMs: 750 }, perS: 20 },
];

export const sregym: Anchor = {
  name: 'sregym',
  title: 'SREGym’s retry collapse, by its own oracle',
  sources: [
    {
      authors: 'Saadmrp1038 and SREGym',
      title: 'Add search_rate_retry_collapse_hotel_reservation problem (SREGym #946)',
      year: 2026,
      url: 'https://github.com/SREGym/SREGym/pull/946',
    },
  ],
  method: [
    'A backend of 20 requests a second with a queue of 256; attempts of 750 ms, three of them, 50 ms · 2ⁿ in between; eight searches a second, and forty for ten seconds. Metastable by their oracle: 45 s after the burst success is at most 50 %, there are at least two attempts per request, at least 20 requests are queued, and the queue has not shrunk by more than five in 25 s. Their mitigation is 50/s, 1,000 ms and two attempts from the beginning.',
    'Assumed: the back-off has full jitter (theirs ± 20 %), the backend takes exactly 50 ms each and serves those who have left as well; searches come at random. Their problem runs on Kubernetes with a patched Go application; we have not run it. We count twice: by success and attempts alone, and by the whole oracle. A claim holds if it is so in every run.',
  ],
  seeds: 20,
  variants: CASES.length,
  async run(replicate) {
    const claims: Claim[] = [];
    for (const { name, configuration, perS, published } of CASES) {
      // oxlint-disable-next-line no-await-in-loop -- one processor
      const runs = await replicate((seed, options) => runScenario(configuration, burstOn(perS), seed, options));
      const collapsed = shareOf(runs.map(isCollapsed));
      const metastable = shareOf(runs.map(isMetastable));
      const late = runs.map(({ journal }) => figuresBetween(journal, END_MS - OBSERVED_MS, END_MS));
      const success = meanOf(late.map((figures) => figures.success));
      const attempts = meanOf(late.map(({ attemptsPerCall }) => attemptsPerCall));
      const recovery = medianOf(runs.map(({ recoveryMs }) => recoveryMs ?? Number.NaN));
      const holds = (share: Measured) =>
        published === undefined || runs.length === 0 ? null : share.value === published.metastable;
      claims.push(
        {
          what: `${name}: runs with little success and many attempts`,
          published: published?.text ?? '–',
          ours:
            runs.length === 0
              ? '–'
              : `${sharesText(collapsed)}; at last ${fixed(1)(100 * success.value)} % success, ${fixed(2)(attempts.value)} attempts per call; median recovery ${secondsText(recovery.value)}`,
          measured: collapsed,
          holds: holds(collapsed),
        },
        {
          what: `${name}: runs that are metastable by the whole oracle`,
          published: published?.text ?? '–',
          ours: sharesText(metastable),
          measured: metastable,
          holds: holds(metastable),
        },
      );
    }
    return {
      claims,
      findings: [
        'Nobody is served in any vulnerable run. By the whole oracle one of twenty is not metastable all the same: at 24 attempts a second, the queue stays near its bound of 256 but is not always at it, and in that run it happens to be more than five shorter at the second look. With a wider margin than five the oracle would be steadier.',
        'The standard policy needs neither a faster backend nor other timeouts: at the same 20/s it comes back by itself.',
      ],
    };
  },
};
