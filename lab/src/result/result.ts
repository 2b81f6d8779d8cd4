import { provenanceSchema } from '@halfopen/figures/provenance';
import { VERDICTS } from '@halfopen/figures/statistics';
import { z } from 'zod';
import { METRICS, type MetricName } from './metrics.ts';

/** `wrong`: status 200 with an answer that is not right. */
export const OUTCOMES = ['success', 'degraded', 'failed', 'wrong'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const PHASES = ['before', 'during', 'after'] as const;
export type PhaseName = (typeof PHASES)[number];

const verdict = z
  .enum(VERDICTS)
  .describe(
    '`inconclusive`: the interval has values on both sides of the bound, or the machine was too noisy to tell.',
  );

/** Why a run was given up, or why its figures must not be judged. */
const REASONS = ['late', 'unsteady', 'fault_off_time', 'limit', 'interrupted'] as const;
export type Reason = (typeof REASONS)[number];

const faultLayer = z.enum(['plan', 'wire', 'process']);

const phaseName = z.enum(PHASES);
const metricName = z.enum(METRICS);

const interval = z.tuple([z.number(), z.number()]);

const hypothesis = z.strictObject({
  text: z.string().describe('In words: `standard, during: success ≥ 99.5 %`.'),
  phase: phaseName,
  metric: metricName,
  variant: z.string(),
  minus: z.string().exactOptional().describe('For a difference between variants: the one that is subtracted.'),
  atLeast: z.number().exactOptional(),
  atMost: z.number().exactOptional(),
  observed: z.number().nullable(),
  interval: interval.nullable().describe('95 % bootstrap interval of `observed`.'),
  verdict,
});
export type HypothesisResult = DeepReadonly<z.output<typeof hypothesis>>;

const count = z.int().min(0);

const packedRequests = z
  .strictObject({
    count,
    dueMs: z.base64().describe('Float64: scheduled time, milliseconds from the start.'),
    outcome: z.base64().describe(`Uint8: index into ${OUTCOMES.join(', ')}.`),
    tookMs: z.base64().describe('Float32: milliseconds from the scheduled time to the last byte.'),
    attempts: z
      .base64()
      .describe(
        'Uint16: attempts of this request that the greeter counted; 65535 if they could not be counted one by one.',
      ),
  })
  .describe(
    'One entry per request, in order of arrival, as base64 of little-endian typed arrays. The same index is the same arrival in every variant.',
  );
export type PackedRequests = DeepReadonly<z.output<typeof packedRequests>>;

const figures = z
  .strictObject({
    ...(Object.fromEntries(METRICS.map((name) => [name, z.number().nullable()])) as Record<
      MetricName,
      z.ZodNullable<z.ZodNumber>
    >),
    offered: count,
    recovered: z
      .boolean()
      .nullable()
      .describe(
        '`false`: it did not recover while it was observed, and `recoveryMs` is `null`. `null`: another phase than `after`, or observed for too short a time.',
      ),
  })
  .describe(
    'Shares are 0 to 1 of the `offered` requests, which are those due in the phase. `null`: could not be measured.',
  );
export type Figures = DeepReadonly<z.output<typeof figures>>;

/** Worst first. */
export const ENDPOINT_STATES = ['open', 'left_out', 'half_open', 'closed'] as const;
export type EndpointState = (typeof ENDPOINT_STATES)[number];

const endpoint = z
  .strictObject({
    name: z.string().describe('`greeter 2`, or its URL if the runner did not start it.'),
    states: z.array(z.enum(ENDPOINT_STATES).nullable()).describe('One entry per second: the worst state seen in it.'),
  })
  .describe(
    'An endpoint that the edge calls: the state of its breaker, or `left_out` while the balancer skips it because it fails far more than the others.',
  );

const timeline = z
  .strictObject({
    offered: z.array(count),
    success: z.array(count),
    degraded: z.array(count),
    failed: z.array(count),
    wrong: z.array(count),
    p50Ms: z.array(z.number().nullable()),
    p99Ms: z.array(z.number().nullable()),
    attempts: z.array(z.number().nullable()),
    breaker: z
      .array(z.enum(['closed', 'open', 'half_open']).nullable())
      .describe('The best state of any endpoint: `open` means that no endpoint is called.'),
    endpoints: z.array(endpoint).exactOptional().describe('Each endpoint, if there are several.'),
    retryBudget: z.array(z.number().nullable()),
  })
  .describe('One entry per second.');
export type Timeline = DeepReadonly<z.output<typeof timeline>>;

const run = z
  .strictObject({
    seed: z.int(),
    lateness: z
      .strictObject({ p99Ms: z.number(), maxMs: z.number() })
      .describe('How late the load generator sent requests, from the scheduled time.'),
    faults: z
      .array(z.strictObject({ fromS: z.number(), toS: z.number() }).nullable())
      .describe(
        "When each of the result's `faults` was really active in this run, which may differ from the plan. `null`: never.",
      ),
    requests: packedRequests,
    figures: z.strictObject({ before: figures, during: figures, after: figures }),
    timeline,
  })
  .describe('One run of one variant.');
export type RunResult = DeepReadonly<z.output<typeof run>>;

const variant = z.strictObject({
  name: z.string(),
  env: z.record(z.string(), z.string()),
  runs: z.array(run).min(1),
});
export type VariantResult = DeepReadonly<z.output<typeof variant>>;

/** The schema of `result.json`. `experiments/result.schema.json` is made from it. */
export const experimentResult = z
  .strictObject({
    version: z.literal(1).describe('Version of this format.'),
    simulated: z
      .literal(true)
      .exactOptional()
      .describe('Nothing was measured: it was computed on virtual time (`lab run --simulate`). Missing otherwise.'),
    experiment: z.strictObject({ file: z.string(), title: z.string(), why: z.string(), text: z.string() }),
    verdict,
    sound: z.boolean().describe('`false`: a run was stopped, or its figures must not be judged; they decide nothing.'),
    gaveUpFor: z
      .enum(REASONS)
      .exactOptional()
      .describe(
        'Why a result is not sound. `late`: the load generator was late; `unsteady`: requests failed before anything was broken; `fault_off_time`: a fault was not active when it should have been; `limit`: `abortWhen` stopped the run; `interrupted`: somebody stopped a simulated run.',
      ),
    remarks: z.array(z.string()).describe('Why no verdict could be given, or what stopped the run; one sentence each.'),
    provenance: provenanceSchema,
    phases: z
      .array(z.strictObject({ name: phaseName, fromS: z.number(), toS: z.number() }))
      .describe('In seconds on the time axis of every variant.'),
    faults: z.array(z.strictObject({ label: z.string(), layer: faultLayer, fromS: z.number(), toS: z.number() })),
    loadChanges: z
      .array(z.strictObject({ label: z.string(), fromS: z.number(), toS: z.number() }))
      .exactOptional()
      .describe('When the load differed from its initial rate.'),
    hypotheses: z.array(hypothesis),
    variants: z.array(variant),
  })
  .describe('What an experiment measured. It holds everything that a report, a comparison or a gate needs.');

/** What an experiment measured, as `result.json` holds it. */
export type ExperimentResult = DeepReadonly<z.output<typeof experimentResult>>;

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;
