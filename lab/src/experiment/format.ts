import { planSchema } from '@halfopen/faults';
import { TOXIC_TYPES, type ToxicTypeName } from '@halfopen/faults/proxy';
import { z } from 'zod';
import { METRICS } from '../result/metrics.ts';
import { PHASES } from '../result/result.ts';
import { boundMistake, boundsInJsonSchema } from './bounds.ts';
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
    json: z.json().optional().describe('Sent as JSON. `{n}` stands for the number of the arrival.'),
    text: z.string().optional().describe('Sent as it is. `{n}` as in `json`.'),
  })
  .refine(({ json, text }) => (json === undefined) !== (text === undefined), 'needs one of json and text')
  .describe('What is sent. The header content-type follows from it, unless `headers` says another.');

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
      .refine((name) => !OWN_HEADERS.test(name), 'is of a header that the runner sets: leave it out'),
    z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'must be a line of text, as headers are'),
  )
  .default({})
  .describe(
    '`{n}` stands for the number of the arrival; `{env:NAME}` for a variable of the environment of `pnpm lab`: a secret that stands in no file and no result.',
  );

const mixEntry = z
  .strictObject({
    weight: z.number().positive().default(1).describe('How often this request is made, in proportion to the others.'),
    method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET').describe('Of HTTP.'),
    path: z
      .string()
      .regex(
        /^\/[\x21-\x7e]*$/,
        'must begin with /, and be written as it is sent: no spaces, letters of other alphabets as %XX',
      )
      .describe('Path and query. `{n}` stands for the number of the arrival.'),
    headers,
    body: requestBody.optional(),
    expect: expectation.default({ status: 200 }),
  })
  .refine(({ method, body }) => body === undefined || !/GET|HEAD/.test(method), {
    error: 'goes with POST, PUT, PATCH or DELETE: a GET has none',
    path: ['body'],
  })
  .refine(({ method, expect }) => method !== 'HEAD' || !knowsBody(expect), {
    error: 'expects a body of a HEAD, which has none: the status alone can decide',
    path: ['expect'],
  });

const load = z
  .strictObject({
    ratePerS: rate.describe('Arrivals per second, on average, whatever becomes of them (open loop).'),
    arrivals: z
      .enum(['poisson', 'constant'])
      .default('poisson')
      .describe('`poisson`: independent callers, with bursts and gaps. `constant`: evenly spaced.'),
    warmUpS: seconds(
      'Load before anything is measured: connections open, code is compiled. With less than the default, what a compiler does shows in p99.',
    ).default(8),
    beforeS: seconds('Length of the phase in which all must be well; otherwise the run gives up.', 1),
    duringS: seconds('Length of the phase in which the system is broken.', 1),
    afterS: seconds('Length of the phase in which it is left alone again.', 1),
    ramps: z
      .array(
        z.strictObject({
          atS: seconds('Seconds from the beginning of `before`.'),
          ratePerS: rate.describe('Arrivals per second from there on, or up to there.'),
        }),
      )
      .default([])
      .describe('The rate goes in straight lines from point to point. Two points at the same time are a step.'),
    timeoutMs: z
      .int()
      .min(10)
      .max(600_000)
      .default(5_000)
      .describe(
        'A caller leaves after so many milliseconds; the request counts as failed, and as having taken that long.',
      ),
    maxLatenessMs: z
      .number()
      .min(1)
      .max(10_000)
      .default(20)
      .describe(
        'No verdict where the runner itself sent later than this (99th percentile). Latencies count from when a request was due, so they cannot be told to less than this.',
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
      .describe('The requests. Default: a greeting for everybody, which must be exactly right.'),
  })
  .describe('Who calls, and how often.')
  .transform((given) => ({ ...given, phases: phasesOf(given) }));

const variant = z
  .strictObject({
    edge: environment('edge', 'Environment of the edge: the policy that is tested.'),
    greeter: environment('greeter', 'Environment of each greeter.'),
    replicas: z.int().min(1).max(9).default(1).describe('How many greeters.'),
  })
  .describe('What differs; everything else is the same: the arrivals, the victims of the faults.');

/** When a fault is active: during a phase, from one second to another, or all the time. */
const span = {
  phase: z
    .enum([...PHASES, 'all'])
    .optional()
    .describe('In force throughout this phase; `all`: from before the warm-up to the end. Default: `during`.'),
  atS: seconds('In force from this second on, counted from the beginning of `before`.').optional(),
  untilS: seconds('No longer in force from this second on. It is always undone.').optional(),
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
      toxicity: z.number().min(0).max(1).default(1).describe('Share of the connections that it takes hold of.'),
      // Toxiproxy ignores unknown attributes. A misspelt one would break nothing, and the experiment would hold for no
      // reason.
      attributes: attributes.strict().prefault({}).describe('How much of it. What is left out is 0.'),
    })
    .refine((toxic) => needed.length === 0 || needed.some((name) => toxic.attributes[name] !== 0), {
      error: `does nothing: it needs ${needed.join(' or ')} above 0`,
      path: ['attributes'],
    });
});

const method = z.discriminatedUnion('layer', [
  z
    .strictObject({
      layer: z.literal('plan').describe('The greeter misbehaves.'),
      ...span,
      replica: replica.optional().describe('Only this greeter, counted from 1. Default: all of them.'),
      faults: planSchema.shape.faults.min(1).describe("Faults of a plan, put to the greeter's `/faults`."),
    })
    .describe('The greeter misbehaves.'),
  z
    .strictObject({
      layer: z.literal('process').describe("The greeter's process stops, or dies."),
      ...span,
      replica: replica.default(1).describe('Which greeter, counted from 1.'),
      action: z
        .enum(['pause', 'kill'])
        .describe('`pause`: SIGSTOP, then SIGCONT. `kill`: SIGKILL, then started again on the same port.'),
    })
    .describe("The greeter's process stops, or dies."),
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
        .describe('As the HTTP API of Toxiproxy takes them.'),
    })
    .describe('The connection misbehaves, through a proxy that speaks the HTTP API of Toxiproxy (`--wire URL`).'),
]);

const hypothesis = z
  .strictObject({
    phase: z.enum(PHASES).describe('Of the requests that were due in this phase.'),
    metric: z.enum(METRICS).describe('Which figure.'),
    variant: z.string().describe('Of which variant.'),
    minus: z.string().optional().describe('The difference to this variant, arrival by arrival.'),
    atLeast: z.number().optional().describe('The figure is believed not to be below this.'),
    atMost: z.number().optional().describe('The figure is believed not to be above this.'),
  })
  .refine(({ atLeast, atMost }) => atLeast !== undefined || atMost !== undefined, 'needs atLeast or atMost')
  .superRefine((one, context) => {
    for (const member of ['atLeast', 'atMost'] as const) {
      const message = boundMistake(one, one[member]);
      if (message !== undefined) context.addIssue({ code: 'custom', message, path: [member] });
    }
  })
  .meta(boundsInJsonSchema())
  .describe('Shares are 0 to 1, times milliseconds. Recovery belongs to the phase `after`.');

const abortWhen = z
  .strictObject({
    failedShare: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe('More than this share of the answers of the last five seconds failed or were wrong.'),
    inFlight: z.int().min(1).optional().describe('More than so many requests wait for an answer.'),
    edgeRssBytes: z.int().min(1).optional().describe('The edge holds more memory than this.'),
  })
  .describe('Stops the run, undoes the faults, and gives no verdict. For systems that must not be harmed.');

/** The members of an experiment, each checked on its own. */
export const experimentForm = z.strictObject({
  title: line.max(120).describe('What the report is headed with: what is looked at, in a few words.'),
  why: z.string().min(1).describe('What is believed, and where the belief comes from.'),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(1)
    .describe('Decides the arrivals and the victims. The same seed, the same of both.'),
  repeat: z
    .int()
    .min(1)
    .max(1_000)
    .default(1)
    .describe(
      'How often each variant is run, each time with another seed, unless `--repeat` says otherwise. What happens once a run, such as a breaker that opens, is known from several runs only.',
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
    .describe('What is compared: each is run under the same arrivals, and broken at the same moments.'),
  method: z.array(method).default([]).describe('What is broken, where and when.'),
  hypothesis: z
    .array(hypothesis)
    .min(1)
    .describe('What is believed of each phase. The experiment holds if all of them do.'),
  abortWhen: abortWhen.optional(),
});

export type Experiment = z.output<typeof experimentForm>;
export type Load = Experiment['load'];
export type Expectation = Load['mix'][number]['expect'];
export type Variant = Experiment['variants'][string];
export type Method = Experiment['method'][number];
export type Hypothesis = Experiment['hypothesis'][number];
export type AbortWhen = NonNullable<Experiment['abortWhen']>;
