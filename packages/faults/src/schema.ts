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

/** The code that a process ends with when a fault ends it: EX_SOFTWARE of sysexits(3), and no code of Node's or ours. */
export const FAULT_EXIT_CODE = 70;

/** Between two bytes of a dripping answer, where the fault does not say. Longer than most attempt timeouts. */
export const DRIP_INTERVAL_MS = 1_000;

/** An answer that is larger than any client of ours reads, where `oversize` does not say how large. Bytes. */
const OVERSIZE_BYTES = 1_000_000;

/** Memory that can be seen on any graph, where `leak` does not say how much. Bytes. */
const LEAK_BYTES = 100_000_000;

/** Which requests a fault hits, and for how long it is in force. */
const scope = {
  id: kind
    .text(/^[A-Za-z0-9._-]{1,64}$/, '1 to 64 letters, digits, dots, dashes or underscores')
    .describe('Names the fault in counters, logs and the answer. Each one once in a plan.'),
  rate: kind.share().default(1).describe('Share of the requests that it hits.'),
  operation: kind
    .text(/^[A-Za-z]\w{0,63}$/, 'the name of an operation, such as hello')
    .optional()
    .describe("Hits requests for this operation of the service's contract only."),
  caller: kind
    .text(/^[!#$%&'*+.^`|~\w-]{1,64}$/, 'the name of a product, such as curl')
    .optional()
    .describe('Hits requests only whose `user-agent` begins with this product (`curl/8.5.0` is `curl`), in any case.'),
  count: kind.wholeNumber(1, 1_000_000_000).optional().describe('Stops after so many hits, in the order of arrival.'),
  forMs: kind
    .wholeNumber(1, MAX_PLAN_MS, 'milliseconds')
    .optional()
    .describe('Stops so long after the plan was put. It cannot outlast its plan.'),
};

/** What is done to a request: `x-fault` can ask for each of them. */
const perRequest = {
  delayMs: z
    .union([kind.milliseconds(0, MAX_DELAY_MS), latencySchema], {
      error: complaint(`milliseconds from 0 to ${MAX_DELAY_MS}, or a distribution`),
    })
    .meta({ expects: `milliseconds from 0 to ${MAX_DELAY_MS}, or a distribution (below)` })
    .optional()
    .describe('Waits so long first. Alone, or before one of the effects below.'),
  jitterMs: kind
    .milliseconds(0, MAX_DELAY_MS)
    .optional()
    .describe('Waits up to so long more; needs `delayMs` to be a number.'),
  status: kind.wholeNumber(400, 599).optional().describe('Answers with this status; the work is not done.'),
  retryAfter: kind
    .wholeNumber(1, 86_400, 'seconds')
    .optional()
    .describe('What `Retry-After` says beside `status`. Without it there is none.'),
  reset: kind.flag().optional().describe('Resets the connection; the work is not done.'),
  hang: kind
    .flag()
    .optional()
    .describe(`Never answers; the work is not done. After ${MAX_HOLD_MS} ms the connection is reset.`),
  exit: kind.flag().optional().describe(`The process dies at once, with code ${FAULT_EXIT_CODE}.`),
  truncate: kind.flag().optional().describe('Does the work, and breaks off in the middle of the answer.'),
  malformed: kind.flag().optional().describe('Does the work, and answers JSON that does not parse.'),
  wrongType: kind.flag().optional().describe('Does the work, and answers JSON whose members have other types.'),
  drip: kind
    .flag()
    .optional()
    .describe(
      `Does the work, and answers byte by byte. After ${MAX_HOLD_MS} ms the connection is reset. Only a limit on the whole attempt ends it earlier: it is never silent.`,
    ),
  dripIntervalMs: kind
    .wholeNumber(1, MAX_HOLD_MS, 'milliseconds')
    .optional()
    .describe(`Between two bytes; needs \`drip\`. Left out, it is ${DRIP_INTERVAL_MS}.`),
  oversize: kind
    .numberOrFlag(kind.wholeNumber(1, MAX_OVERSIZE_BYTES, 'bytes'), OVERSIZE_BYTES)
    .optional()
    .describe('Does the work, and pads the answer with white space to so many bytes, without saying how many.'),
  lostResponse: kind.flag().optional().describe('Does the work, and resets the connection instead of answering.'),
};

/** What is done to the process, for as long as the fault is in force. */
const perProcess = {
  cpu: kind.positiveShare().optional().describe('Burns this share of a processor core.'),
  leak: kind
    .numberOrFlag(kind.wholeNumber(1, MAX_LEAK_BYTES, 'bytes'), LEAK_BYTES)
    .optional()
    .describe('Takes 50 MB of memory a second, up to so much; gives it back at the end.'),
  notReady: kind.flag().optional().describe('`/readyz` says 503; requests are answered all the same.'),
};

/** The ways to answer, or not to. A fault has one of them at the most; a delay comes before it, or stands alone. */
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

/** What the whole process suffers. Instead of the others. */
export const PROCESS_EFFECTS = Object.keys(perProcess) as (keyof typeof perProcess)[];

/** Members that say more about another one. */
export const COMPANIONS = { retryAfter: 'status', jitterMs: 'delayMs', dripIntervalMs: 'drip' } as const;

export const faultSchema = z.strictObject(
  { ...scope, ...perRequest, ...perProcess },
  { error: complaint('a fault, such as {"id":"down","status":503}') },
);

/** An `x-fault` header is for one request: it has nothing to choose from, and the process is not its own. */
export const headerSchema = z.strictObject(perRequest);

export const planSchema = z.strictObject(
  {
    seed: kind.wholeNumber(0, Number.MAX_SAFE_INTEGER).default(1).describe('The same seed hits the same requests.'),
    forMs: kind
      .wholeNumber(1, MAX_PLAN_MS, 'milliseconds')
      .default(DEFAULT_PLAN_MS)
      .describe('The whole plan stops by itself so long after it was put.'),
    faults: z
      .array(faultSchema, { error: complaint(`a list of at most ${MAX_FAULTS} faults`) })
      .max(MAX_FAULTS, { error: `must be a list of at most ${MAX_FAULTS} faults` })
      .meta({ expects: `a list of at most ${MAX_FAULTS} faults` })
      .describe('Tried in this order. The first one that hits is played.'),
  },
  { error: complaint('a plan, such as {"faults":[{"id":"down","status":503}]}') },
);

/** Failures as data: which requests fail, and how. */
export type FaultPlan = z.output<typeof planSchema>;
export type Fault = FaultPlan['faults'][number];
