import { planSchema } from '@halfopen/faults';
import { TOXIC_TYPES, type ToxicTypeName } from '@halfopen/faults/proxy';
import { z } from 'zod';
import { METRICS } from '../result/metrics.ts';
import { PHASES } from '../result/result.ts';
import { boundsInJsonSchema } from './bounds.ts';
import { environmentInJsonSchema } from './environment.ts';
import { expectation, knowsBody } from './expectation.ts';
import { phasesOf } from './phases.ts';

const seconds = (what: string, min = 0) => z.number().min(min).max(3_600).describe(what);
/** One line for a terminal, which would obey control characters. */
const line = z
  .string()
  .min(1)
  .regex(/^\P{Cc}*$/u, 'must be one line of text, without control characters');
const rate = z.number().positive().max(20_000);

/** Numbers are accepted, because YAML reads them as such; an environment variable is text. */
const environment = (part: 'edge' | 'greeter', doc: string) =>
  z
    .record(
      z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'must be the name of an environment variable, such as EDGE_DEADLINE_MS'),
      z.union([z.string(), z.number()]),
    )
    .meta(environmentInJsonSchema(part))
    .default({})
    .describe(doc);

const requestBody = z
  .strictObject({
    json: z.json().optional().describe('Sent as JSON. `{n}` is the number of the arrival.'),
    text: z.string().optional().describe('Sent as it is. `{n}` as in `json`.'),
  })
  .refine(({ json, text }) => (json === undefined) !== (text === undefined), 'needs one of json and text')
  .describe('What is sent. It decides the header content-type, unless `headers` has one.');

/**
 * Headers that the runner or the connection sets itself. Setting them here would have no effect, or would break the
 * request.
 */
const OWN_HEADERS = /^(x-request-id|host|content-length|transfer-encoding|connection|keep-alive|upgrade|expect)$/i;

const headers = z
  .record(
    // RFC 9110, 5.6.2: a token.
    z
      .string()
      .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'must be the name of a header, such as accept')
      .refine((name) => !OWN_HEADERS.test(name), 'is a header that the runner sets: leave it out'),
    z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'must be a line of text, as headers are'),
  )
  .default({})
  .describe(
    '`{n}` is the number of the arrival. `{env:NAME}` is a variable from the environment of `pnpm lab`, for secrets that must not be in a file or a result.',
  );

const mixEntry = z
  .strictObject({
    weight: z.number().positive().default(1).describe('How often this request is sent, in proportion to the others.'),
    method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET').describe('The HTTP method.'),
    path: z
      .string()
      .regex(
        /^\/[\x21-\x7e]*$/,
        'must begin with /, and be written as it is sent: no spaces, letters of other alphabets as %XX',
      )
      .describe('Path and query. `{n}` is the number of the arrival.'),
    headers,
    body: requestBody.optional(),
    expect: expectation.default({ status: 200 }),
  })
  .refine(({ method, body }) => body === undefined || !/GET|HEAD/.test(method), {
    error: 'is only allowed with POST, PUT, PATCH or DELETE',
    path: ['body'],
  })
  .refine(({ method, expect }) => method !== 'HEAD' || !knowsBody(expect), {
    error: 'expects a body from a HEAD request, which has none: expect the status alone',
    path: ['expect'],
  });

/** The members of `load`. */
export const loadMembers = z.strictObject({
  ratePerS: rate.describe(
    'Average arrivals per second, whether or not earlier requests have been answered (open loop).',
  ),
  arrivals: z
    .enum(['poisson', 'constant'])
    .default('poisson')
    .describe('`poisson`: independent callers, with bursts and gaps. `constant`: evenly spaced.'),
  warmUpS: seconds(
    'Load before anything is measured, while connections open and code is compiled. With less than the default, compilation shows in p99.',
  ).default(8),
  beforeS: seconds('Length of the healthy phase. If a request fails in it, the run is given up.', 1),
  duringS: seconds('Length of the phase in which the system is broken.', 1),
  afterS: seconds('Length of the phase after the fault.', 1),
  ramps: z
    .array(
      z.strictObject({
        atS: seconds('Seconds from the beginning of `before`.'),
        ratePerS: rate.describe('Arrivals per second at this point.'),
      }),
    )
    .default([])
    .describe('The rate changes linearly from point to point. Two points at the same time are a step.'),
  timeoutMs: z
    .int()
    .min(10)
    .max(600_000)
    .default(5_000)
    .describe('A caller gives up after this many milliseconds; the request counts as failed, with this latency.'),
  maxLatenessMs: z
    .number()
    .min(1)
    .max(10_000)
    .default(20)
    .describe(
      'No verdict if the load generator sent later than this (99th percentile). Latencies count from the scheduled time, so this limits their precision.',
    ),
  mix: z
    .array(mixEntry)
    .min(1)
    .max(256)
    .default([
      {
        weight: 1,
        method: 'GET',
        path: '/hello?name=caller-{n}',
        headers: {},
        expect: { status: 200, json: { message: 'Hello, caller-{n}!' } },
      },
    ])
    .describe('The requests. Default: a greeting for each caller, which must be exactly right.'),
});

const load = loadMembers
  .describe('Who calls, and how often.')
  .transform((given) => ({ ...given, phases: phasesOf(given) }));

export const variant = z
  .strictObject({
    edge: environment('edge', 'Environment of the edge: the policy under test.'),
    greeter: environment('greeter', 'Environment of each greeter.'),
    replicas: z.int().min(1).max(9).default(1).describe('Number of greeters.'),
  })
  .describe(
    'What differs between the variants. Everything else is the same: the arrivals, and the requests that the faults hit.',
  );

/** When a fault is active: during a phase, from one second to another, or all the time. */
const span = {
  phase: z
    .enum([...PHASES, 'all'])
    .optional()
    .describe('Active throughout this phase; `all`: from before the warm-up to the end. Default: `during`.'),
  atS: seconds('Active from this second on, counted from the beginning of `before`.').optional(),
  untilS: seconds('Active until this second. It is always undone.').optional(),
  label: line.optional().describe('What the report calls it.'),
};
const replica = z.int().min(1).max(9);

/** The attributes without which a toxic does nothing. For the other toxics, 0 is the strongest setting. */
const NOTHING_WITHOUT: Readonly<Record<ToxicTypeName, readonly string[]>> = {
  latency: ['latency', 'jitter'],
  bandwidth: [],
  slow_close: ['delay'],
  timeout: [],
  reset_peer: [],
  slicer: ['average_size', 'delay'],
  limit_data: [],
};

const toxics = (Object.keys(TOXIC_TYPES) as ToxicTypeName[]).map((type) => {
  const needed = NOTHING_WITHOUT[type];
  const attributes: z.ZodObject = TOXIC_TYPES[type].attributes;
  return z
    .strictObject({
      type: z.literal(type).describe('What happens to the connection.'),
      stream: z
        .enum(['upstream', 'downstream'])
        .default('downstream')
        .describe('`downstream`: what comes back. `upstream`: what is sent.'),
      toxicity: z.number().min(0).max(1).default(1).describe('Share of the connections that it affects.'),
      // Toxiproxy ignores unknown attributes. A misspelt one would break nothing, and the experiment would hold for no
      // reason.
      attributes: attributes.strict().prefault({}).describe('Its attributes. Missing ones are 0.'),
    })
    .refine((toxic) => needed.length === 0 || needed.some((name) => toxic.attributes[name] !== 0), {
      error: `does nothing: it needs ${needed.join(' or ')} above 0`,
      path: ['attributes'],
    });
});

export const method = z.discriminatedUnion('layer', [
  z
    .strictObject({
      layer: z.literal('plan').describe('The greeter misbehaves.'),
      ...span,
      replica: replica.optional().describe('Only this greeter, counted from 1. Default: all of them.'),
      faults: planSchema.shape.faults.min(1).describe("Faults of a plan, sent to the greeter's `/faults`."),
    })
    .describe('The greeter misbehaves.'),
  z
    .strictObject({
      layer: z.literal('process').describe("The greeter's process stops or dies."),
      ...span,
      replica: replica.default(1).describe('Which greeter, counted from 1.'),
      action: z
        .enum(['pause', 'kill'])
        .describe('`pause`: SIGSTOP, then SIGCONT. `kill`: SIGKILL, then started again on the same port.'),
    })
    .describe("The greeter's process stops or dies."),
  z
    .strictObject({
      layer: z.literal('wire').describe('The connection misbehaves.'),
      ...span,
      proxy: z
        .string()
        .min(1)
        .optional()
        .describe('Name of the proxy. Default, in the embedded system: the proxies of all replicas.'),
      toxics: z
        .array(z.discriminatedUnion('type', toxics as [(typeof toxics)[number], ...typeof toxics]))
        .min(1)
        .describe('Toxics as in the HTTP API of Toxiproxy.'),
    })
    .describe('The connection misbehaves, through a proxy that speaks the HTTP API of Toxiproxy (`--wire URL`).'),
]);

export const hypothesis = z
  .strictObject({
    phase: z.enum(PHASES).describe('Figures count the requests that were due in this phase.'),
    metric: z.enum(METRICS).describe('The figure.'),
    variant: z.string().describe('The variant.'),
    minus: z.string().optional().describe('Use the difference from this variant, arrival by arrival.'),
    atLeast: z.number().optional().describe('Lower bound of the figure.'),
    atMost: z.number().optional().describe('Upper bound of the figure.'),
  })
  .meta(boundsInJsonSchema())
  .describe('Shares are 0 to 1; times are in milliseconds. Recovery belongs to the phase `after`.');

const abortWhen = z
  .strictObject({
    failedShare: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe('More than this share of the answers of the last five seconds failed or were wrong.'),
    inFlight: z.int().min(1).optional().describe('More requests than this wait for an answer.'),
    edgeRssBytes: z.int().min(1).optional().describe('The edge holds more memory than this.'),
  })
  .describe('Stops the run and undoes the faults, without a verdict. For systems that must not be harmed.');

/**
 * The members of an experiment, each checked on its own; what they must be together is in `cross-checks.ts`.
 * `experiments/experiment.schema.json` is made from it.
 */
export const experimentForm = z.strictObject({
  title: line.max(120).describe('Heading of the report: the subject in a few words.'),
  why: z.string().min(1).describe('What you expect, and why.'),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(1)
    .describe('Decides the arrivals and which requests the faults hit. The same seed gives the same of both.'),
  repeat: z
    .int()
    .min(1)
    .max(1_000)
    .default(1)
    .describe(
      'How often each variant is run, each time with another seed; `--repeat` overrides it. What happens once per run, such as a breaker opening, takes several runs to measure.',
    ),
  load,
  variants: z
    .record(
      z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/, 'must be 1 to 40 letters, digits, dots, dashes or underscores'),
      variant,
    )
    .refine((variants) => Object.keys(variants).length > 0, 'needs at least one variant')
    .meta({ minProperties: 1 })
    .describe('What is compared. Each variant gets the same arrivals and is broken at the same moments.'),
  method: z.array(method).default([]).describe('What is broken, where and when.'),
  hypothesis: z
    .array(hypothesis)
    .min(1)
    .describe('What you expect of each phase. The experiment holds if every hypothesis does.'),
  abortWhen: abortWhen.optional(),
});

export type Experiment = z.output<typeof experimentForm>;
export type Load = Experiment['load'];
export type Expectation = Load['mix'][number]['expect'];
export type Variant = Experiment['variants'][string];
export type Method = Experiment['method'][number];
export type Hypothesis = Experiment['hypothesis'][number];
export type AbortWhen = NonNullable<Experiment['abortWhen']>;
