import { z } from 'zod';

/**
 * Every problem that a service can answer: the `code` of the problem document, its status and its title. The list is closed, because
 * clients switch on it. A problem that is the caller's own fault is `bad_request`, whatever its 4xx status.
 */
export const PROBLEMS = {
  bad_request: { status: 400, title: 'Bad request' },
  /** Seen only in metrics and logs, because the caller is gone. nginx uses 499 for this. */
  cancelled: { status: 499, title: 'The caller went away' },
  deadline_exceeded: { status: 504, title: 'Out of time' },
  attempt_timeout: { status: 504, title: 'The downstream did not answer in time' },
  unreachable: { status: 503, title: 'The downstream cannot be reached' },
  connection_lost: { status: 502, title: 'The connection to the downstream was lost' },
  bad_response: { status: 502, title: 'The downstream broke its contract' },
  remote_error: { status: 502, title: 'The downstream failed' },
  remote_refused: { status: 502, title: 'The downstream refused our request' },
  overloaded: { status: 503, title: 'Too much to do' },
  breaker_open: { status: 503, title: 'The downstream is being given a rest' },
  budget_exhausted: { status: 503, title: 'The retry budget is spent' },
  internal: { status: 500, title: 'Internal error' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

export function isProblemCode(code: unknown): code is ProblemCode {
  return typeof code === 'string' && Object.hasOwn(PROBLEMS, code);
}

/** RFC 9457 media type. */
export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

export const problemSchema = z
  .object({
    type: z
      .string()
      .meta({ description: 'Identifies the kind of problem.', examples: ['urn:halfopen:problem:breaker_open'] }),
    title: z.string().meta({ description: 'The kind of problem in words, the same for every occurrence.' }),
    status: z.int().min(400).max(599).meta({ description: 'The HTTP status of this answer.' }),
    detail: z.string().meta({ description: 'What happened this time, and what to do about it.' }),
    instance: z.string().meta({ description: 'Identifies this occurrence: the request that it happened to.' }),
    code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]).meta({
      description: 'The kind of problem, for programs to switch on. A closed list.',
    }),
    requestId: z
      .string()
      .meta({ description: 'The request id of this answer, as in its x-request-id header and every log line.' }),
    retryAfterMs: z.int().min(0).optional().meta({
      description: 'Milliseconds after which another try may succeed. The retry-after header says the same in seconds.',
    }),
  })
  .meta({ id: 'Problem', description: 'A problem document (RFC 9457).' });

export type Problem = z.infer<typeof problemSchema>;

export interface ProblemOccurrence {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly requestId: string;
  /** Default: the status of `code`. */
  readonly status?: number | undefined;
  /** Default: the title of `code`. */
  readonly title?: string | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** Makes the problem document for one occurrence. */
export function problemOf({ code, detail, requestId, status, title, retryAfterMs }: ProblemOccurrence): Problem {
  return {
    type: `urn:halfopen:problem:${code}`,
    title: title ?? PROBLEMS[code].title,
    status: status ?? PROBLEMS[code].status,
    detail,
    instance: `urn:halfopen:request:${requestId}`,
    code,
    requestId,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs: Math.ceil(retryAfterMs) }),
  };
}
