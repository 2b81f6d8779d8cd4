import type { ServerResponse } from 'node:http';
import { HEADERS, isProblemCode, PROBLEM_MEDIA_TYPE, PROBLEMS, type ProblemCode, problemOf } from '@halfopen/contracts';

/** What an `HttpProblem` says besides its code and detail. */
export interface HttpProblemOptions {
  /** HTTP status. Default: the status of the code. */
  readonly status?: number;
  /** Default: the title of the code. */
  readonly title?: string;
  /** Milliseconds after which a retry can succeed. Default: 1,000 for a 503 without a status of its own, else none. */
  readonly retryAfterMs?: number;
  /** Allowed methods, for the Allow header of a 405. */
  readonly allow?: string;
}

/**
 * A failed request, thrown where the failure is known. The chassis answers it as a problem document (RFC 9457) with
 * `message` as `detail`, so the message must be fit for callers. It has no stack frames: nobody sees them, and capturing
 * them is the most expensive part of a refusal.
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

  get status(): number {
    return this.options.status ?? PROBLEMS[this.code].status;
  }

  get retryAfterMs(): number | undefined {
    return this.options.retryAfterMs;
  }
}

/** Every 503 of a service says when to retry, even if it can only guess. */
const USUAL_RETRY_AFTER_MS = 1_000;

/**
 * Translates an error into a problem. An error with a problem code (such as the client's `CallError`) keeps its code and
 * message. A 4xx error of Express is a bad request. Anything else is an internal error, and its message stays private.
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
  return new HttpProblem('internal', 'an unexpected error; see the log for this request id');
}

/** A problem as it goes over the wire. */
export interface RenderedProblem {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Status, headers and body of a problem document, for a response object or a bare socket. */
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
  // An injected fault asks for an exact status: it must not get a Retry-After that its plan does not have.
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
      // Whole seconds (RFC 9110 §10.2.3), and never 0: clients that retry at once make a retry storm.
      ...(retryAfterMs === undefined
        ? {}
        : { [HEADERS.retryAfter]: String(Math.max(1, Math.ceil(retryAfterMs / 1_000))) }),
    },
    body,
  };
}

/** Answers with a problem document. If an answer has already begun, cuts the connection, so that no client takes it for complete. */
export function sendProblem(res: ServerResponse, problem: HttpProblem, requestId: string): void {
  if (res.headersSent || res.destroyed) {
    res.destroy();
    return;
  }
  const { status, headers, body } = renderProblem(problem, requestId);
  res.writeHead(status, headers).end(body);
}
