import type { ServerResponse } from 'node:http';
import { HEADERS, isProblemCode, PROBLEM_MEDIA_TYPE, type ProblemCode, problemOf } from '@halfopen/contracts';

export interface HttpProblemOptions {
  /** Default: the status of the code. */
  readonly status?: number;
  /** Default: the title of the code. */
  readonly title?: string;
  readonly retryAfterMs?: number;
  /** Methods that would do: becomes the Allow header of a 405. */
  readonly allow?: string;
}

/**
 * An answer other than 2xx, thrown by whoever decides on it. `message` becomes the `detail` that the caller reads. It has no stack
 * frames: nobody is shown them, and they are what costs most of a refusal.
 */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem';
  readonly code: ProblemCode;
  readonly options: HttpProblemOptions;

  constructor(code: ProblemCode, detail: string, options: HttpProblemOptions = {}) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(detail);
    Error.stackTraceLimit = stackTraceLimit;
    this.code = code;
    this.options = options;
  }

  get retryAfterMs(): number | undefined {
    return this.options.retryAfterMs;
  }
}

/** A 503 of ours says when to come back, even if nobody knows exactly. */
const USUAL_RETRY_AFTER_MS = 1_000;

/**
 * The problem that an error is. Errors with a `code` of the closed list (those of the client, too) speak for
 * themselves; what the framework refused with a 4xx is a bad request; anything else is ours, and its message is not
 * shown to anybody.
 */
export function toHttpProblem(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (error instanceof Error) {
    const { code, retryAfterMs, status } = error as { code?: unknown; retryAfterMs?: unknown; status?: unknown };
    if (isProblemCode(code) && code !== 'internal') {
      return new HttpProblem(code, error.message, typeof retryAfterMs === 'number' ? { retryAfterMs } : {});
    }
    if (typeof status === 'number' && status >= 400 && status < 500) {
      return new HttpProblem('bad_request', 'the request is malformed', { status });
    }
  }
  return new HttpProblem('internal', 'an unexpected error; the log has it under this request id');
}

export interface RenderedProblem {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Status, headers and body of a problem, for a response object or a bare socket. */
export function renderProblem(problem: HttpProblem, requestId: string): RenderedProblem {
  const { status, title, allow } = problem.options;
  const hintMs = problem.retryAfterMs;
  const document = problemOf({
    code: problem.code,
    detail: problem.message,
    requestId,
    status,
    title,
    retryAfterMs: hintMs,
  });
  // A status that was asked for (an injected fault) is answered as it was asked for.
  const retryAfterMs = hintMs ?? (status === undefined && document.status === 503 ? USUAL_RETRY_AFTER_MS : undefined);
  const body = JSON.stringify(
    retryAfterMs === undefined ? document : { ...document, retryAfterMs: Math.ceil(retryAfterMs) },
  );
  return {
    status: document.status,
    headers: {
      'content-type': PROBLEM_MEDIA_TYPE,
      'content-length': String(Buffer.byteLength(body)),
      'cache-control': 'no-store',
      [HEADERS.requestId]: requestId,
      ...(allow === undefined ? {} : { allow }),
      // Whole seconds (RFC 9110 §10.2.3), never 0: "at once" is how a storm begins.
      ...(retryAfterMs === undefined
        ? {}
        : { [HEADERS.retryAfter]: String(Math.max(1, Math.ceil(retryAfterMs / 1_000))) }),
    },
    body,
  };
}

/** Answers with a problem; where an answer has begun already, breaks it off so that nobody takes it for whole. */
export function sendProblem(res: ServerResponse, problem: HttpProblem, requestId: string): void {
  if (res.headersSent || res.destroyed) {
    res.destroy();
    return;
  }
  const { status, headers, body } = renderProblem(problem, requestId);
  res.writeHead(status, headers).end(body);
}
