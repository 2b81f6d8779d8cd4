import { type Configuration, constant, naiveRetry, runScenario, type Scenario, standard } from '@halfopen/simulator';
import type { Anchor, Claim } from '../anchor.ts';
import { fixed, meanOf, withInterval } from '../measured.ts';

const TROUBLE = { fromMs: 2_000, toMs: 4_000 };

/** A chain of services that all answer at once, and a server at its end that fails every request for two seconds. */
export function chainOf(hops: number): Scenario {
  const service = { workers: 1_000_000, service: constant(1) };
  return {
    name: `${hops} hops that retry`,
    description: 'Callers, services in between, and a server that fails every request for two seconds.',
    servers: [{ ...service, name: 'database' }],
    through: Array.from({ length: hops - 1 }, (_, index) => ({ ...service, name: `service ${index + 1}` })),
    load: { rates: [{ fromMs: 0, perS: 50 }] },
    // Until all retries of the last call are over: the last failure must not be spared.
    faults: [{ kind: 'error', status: 503, fromMs: TROUBLE.fromMs, toMs: 60_000 }],
    trigger: TROUBLE,
    lengthMs: TROUBLE.toMs,
  };
}

interface Case {
  readonly hops: number;
  readonly client: string;
  readonly configuration: Configuration;
  readonly published?: { readonly text: string; readonly value: number };
}

/** Longer than all that happens below an attempt. */
const attemptTimeoutMs = 1e6;

const CASES: readonly Case[] = [
  {
    hops: 3,
    client: 'four attempts each',
    configuration: naiveRetry({ attempts: 4, attemptTimeoutMs }),
    published: { text: '64, which is 4³ (SRE book)', value: 64 },
  },
  {
    hops: 5,
    client: 'three attempts each',
    configuration: naiveRetry({ attempts: 3, attemptTimeoutMs }),
    published: { text: '243, which is 3⁵ (Builders’ Library)', value: 243 },
  },
  { hops: 3, client: 'standard (three attempts, a budget)', configuration: standard },
  { hops: 5, client: 'standard (three attempts, a budget)', configuration: standard },
];

/** Requests that reach the server for each call that is due while it fails. The simulation goes on until the last of them. */
export async function requestsPerCall(configuration: Configuration, scenario: Scenario, seed: number, options = {}) {
  const { journal, samples } = await runScenario(
    configuration,
    // What the last calls cause comes after them.
    {
      ...scenario,
      lengthMs: scenario.lengthMs + 2_000,
      load: { rates: [...scenario.load.rates, { fromMs: scenario.lengthMs, perS: 0 }] },
    },
    seed,
    options,
  );
  const { fromMs, toMs } = scenario.trigger;
  const calls = journal.firstDueAt(toMs) - journal.firstDueAt(fromMs);
  return samples.receivedBetween(fromMs, toMs + 2_000) / calls;
}

export const hops: Anchor = {
  name: 'hops',
  title: 'Every hop retries',
  sources: [
    {
      authors: 'M. Ulrich',
      title: 'Addressing Cascading Failures (Site Reliability Engineering, chapter 22)',
      year: 2016,
      url: 'https://sre.google/sre-book/addressing-cascading-failures/',
    },
    {
      authors: 'M. Brooker',
      title: 'Timeouts, retries and backoff with jitter (Amazon Builders’ Library)',
      year: 2019,
      url: 'https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/',
    },
  ],
  method: [
    'A chain of services, each of which calls the next with the client under test; the database at its end answers every request 503 for two seconds. Fifty calls a second come. We count requests at the database per call. There is no code of the authors: it is arithmetic, and it must come out exactly (within 2 %, because requests are counted at samples 100 ms apart).',
    'The book counts three layers (JavaScript, frontend, backend) with three retries each; the article a stack of five with three tries each.',
  ],
  seeds: 3,
  variants: CASES.length,
  async run(replicate) {
    const claims: Claim[] = [];
    for (const { hops: count, client, configuration, published } of CASES) {
      // oxlint-disable-next-line no-await-in-loop -- one processor
      const values = await replicate((seed, options) => requestsPerCall(configuration, chainOf(count), seed, options));
      const measured = meanOf(values);
      claims.push({
        what: `${count} hops, ${client}: requests per call`,
        published: published?.text ?? '–',
        ours: withInterval(measured, fixed(published === undefined ? 2 : 1)),
        measured,
        holds:
          published === undefined || measured.runs === 0 ? null : Math.abs(measured.value / published.value - 1) < 0.02,
      });
    }
    return {
      claims,
      findings: [
        'With a budget per hop, depth hardly matters: nothing is earned while nothing succeeds, and what is left in each bucket is spent once. After that the breakers open. About one request per call arrives, with three hops as with five.',
      ],
    };
  },
};
