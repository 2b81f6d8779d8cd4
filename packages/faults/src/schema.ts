import { z } from 'zod';
import { complaint, kind } from './kinds.ts';
import { latencySchema } from './latency.ts';
import {
  DEFAULT_PLAN_MS,
  MAX_DELAY_MS,
  MAX_FAULTS,
  MAX_HOLD_MS,
  MAX_LEAK_BYTES,
  MAX_OVERSIZE_BYTES,
  MAX_PLAN_MS,
} from './limits.ts';

/** The exit code of a process that a fault ends: EX_SOFTWARE of sysexits(3). Neither Node nor the services use it. */
export const FAULT_EXIT_CODE = 70;

/** The default pause between two bytes of a dripping answer. Longer than most attempt timeouts. Milliseconds. */
export const DRIP_INTERVAL_MS = 1_000;

/** The usual size of an oversized answer. Larger than what the client of this project reads. Bytes. */
const OVERSIZE_BYTES = 1_000_000;

/** The usual size of a leak. Large enough to be visible on any graph. Bytes. */
const LEAK_BYTES = 100_000_000;

/** Which requests a fault hits, and how long it is in force. */
const scope = {
  id: kind
    .text(/^[A-Za-z0-9._-]{1,64}$/, '1 to 64 letters, digits, dots, dashes or underscores')
    .describe('Names the fault in counters, logs and answers. Unique within a plan.'),
  rate: kind.share().default(1).describe('The share of requests that it hits.'),
  operation: kind
    .text(/^[A-Za-z]\w{0,63}$/, 'the name of an operation, such as hello')
    .optional()
    .describe("Hits only requests for this operation of the service's contract."),
  caller: kind
    .text(/^[!#$%&'*+.^`|~\w-]{1,64}$/, 'the name of a product, such as curl')
    .optional()
    .describe(
      'Hits only requests whose `user-agent` begins with this product (`curl/8.5.0` is `curl`). Case does not matter.',
    ),
  count: kind
    .wholeNumber(1, 1_000_000_000)
    .optional()
    .describe('Stops after this number of hits, in the order of arrival.'),
  forMs: kind
    .wholeNumber(1, MAX_PLAN_MS, 'milliseconds')
    .optional()
    .describe('Stops this long after the plan was set. A fault never outlasts its plan.'),
};

/** Effects on one request. `x-fault` can ask for each of them. */
const perRequest = {
  delayMs: z
    .union([kind.milliseconds(0, MAX_DELAY_MS), latencySchema], {
      error: complaint(`milliseconds from 0 to ${MAX_DELAY_MS}, or a distribution`),
    })
    .meta({ expects: `milliseconds from 0 to ${MAX_DELAY_MS}, or a distribution (below)` })
    .optional()
    .describe('Waits this long first. Alone, or before one of the effects below.'),
  jitterMs: kind
    .milliseconds(0, MAX_DELAY_MS)
    .optional()
    .describe('Waits up to this much longer; needs `delayMs` to be a number.'),
  status: kind.wholeNumber(400, 599).optional().describe('Answers with this status; the work is not done.'),
  retryAfter: kind
    .wholeNumber(1, 86_400, 'seconds')
    .optional()
    .describe('The value of `Retry-After` for `status`. Default: no such header.'),
  reset: kind.flag().optional().describe('Resets the connection; the work is not done.'),
  hang: kind
    .flag()
    .optional()
    .describe(`Never answers; the work is not done. After ${MAX_HOLD_MS} ms the connection is reset.`),
  exit: kind.flag().optional().describe(`The process dies at once, with code ${FAULT_EXIT_CODE}.`),
  truncate: kind.flag().optional().describe('Does the work, and cuts the connection in the middle of the answer.'),
  malformed: kind.flag().optional().describe('Does the work, and answers with JSON that does not parse.'),
  wrongType: kind.flag().optional().describe('Does the work, and answers with JSON whose members have other types.'),
  drip: kind
    .flag()
    .optional()
    .describe(
      `Does the work, and sends the answer byte by byte. After ${MAX_HOLD_MS} ms the connection is reset. Since it is never silent, only a time limit on the whole attempt ends it earlier.`,
    ),
  dripIntervalMs: kind
    .wholeNumber(1, MAX_HOLD_MS, 'milliseconds')
    .optional()
    .describe(`The pause between two bytes; needs \`drip\`. Default: ${DRIP_INTERVAL_MS}.`),
  oversize: kind
    .numberOrFlag(kind.wholeNumber(1, MAX_OVERSIZE_BYTES, 'bytes'), OVERSIZE_BYTES)
    .optional()
    .describe('Does the work, and pads the answer with white space to this size, without a `Content-Length`.'),
  lostResponse: kind.flag().optional().describe('Does the work, and resets the connection instead of answering.'),
};

/** Effects on the process, for as long as the fault is in force. */
const perProcess = {
  cpu: kind.positiveShare().optional().describe('Burns this share of a processor core.'),
  leak: kind
    .numberOrFlag(kind.wholeNumber(1, MAX_LEAK_BYTES, 'bytes'), LEAK_BYTES)
    .optional()
    .describe('Takes 50 MB of memory per second, up to this size; gives it back at the end.'),
  notReady: kind.flag().optional().describe('`/readyz` answers 503; requests are still answered.'),
};

/** Effects on one request. A fault has at most one of them; a delay can come before it, or stand alone. */
export const REQUEST_EFFECTS = [
  'status',
  'reset',
  'hang',
  'exit',
  'truncate',
  'malformed',
  'wrongType',
  'drip',
  'oversize',
  'lostResponse',
] as const;

/** Effects on the whole process. They exclude the effects on one request. */
export const PROCESS_EFFECTS = Object.keys(perProcess) as (keyof typeof perProcess)[];

/** Members that need another member, which they refine. */
export const COMPANIONS = { retryAfter: 'status', jitterMs: 'delayMs', dripIntervalMs: 'drip' } as const;

export const faultSchema = z.strictObject(
  { ...scope, ...perRequest, ...perProcess },
  { error: complaint('a fault, such as {"id":"down","status":503}') },
);

/** An `x-fault` header affects only its own request: it selects no requests, and cannot affect the process. */
export const headerSchema = z.strictObject(perRequest);

export const planSchema = z.strictObject(
  {
    seed: kind.wholeNumber(0, Number.MAX_SAFE_INTEGER).default(1).describe('The same seed hits the same requests.'),
    forMs: kind
      .wholeNumber(1, MAX_PLAN_MS, 'milliseconds')
      .default(DEFAULT_PLAN_MS)
      .describe('The whole plan stops by itself this long after it was set.'),
    faults: z
      .array(faultSchema, { error: complaint(`a list of at most ${MAX_FAULTS} faults`) })
      .max(MAX_FAULTS, { error: `must be a list of at most ${MAX_FAULTS} faults` })
      .meta({ expects: `a list of at most ${MAX_FAULTS} faults` })
      .describe('Tried in this order. The first fault that hits is injected.'),
  },
  { error: complaint('a plan, such as {"faults":[{"id":"down","status":503}]}') },
);

/** A fault plan: failures as data, that is which requests fail and how. */
export type FaultPlan = z.output<typeof planSchema>;
export type Fault = FaultPlan['faults'][number];
