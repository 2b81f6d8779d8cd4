import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { HEADERS, ID_PATTERN, type ProblemCode } from '@halfopen/contracts';
import type { Tracer } from '@opentelemetry/api';
import { parseBaggage } from './baggage.ts';
import { HttpProblem, sendProblem } from './http-problem.ts';
import { isCutOff } from './http-server.ts';
import { quote } from './quote.ts';
import { readHead } from './request-head.ts';
import { type TraceContext, traceContextOf } from './trace-context.ts';

/** What a handler knows about its request, in the form that the clients of other services accept. */
export interface RequestContext {
  /** The caller's `x-request-id`, or a new one. */
  readonly requestId: string;
  readonly trace: TraceContext;
  /** Aborted when nobody waits any longer: the caller left, or the deadline has passed. */
  readonly signal: AbortSignal;
  /** When the answer must have been sent, in milliseconds of `performance.now()`. */
  readonly deadlineAt: number;
  /** Headers to send with every call made for this request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Headers of the answer if it is a 200. Handlers may add to them. */
  readonly answerHeaders: Record<string, string>;
}

/** The context of a request and its outcome, for the log and the metrics. */
export interface RequestRecord extends RequestContext {
  /** In milliseconds of `performance.now()`. */
  readonly startedAt: number;
  /** The path of the operation, or `undefined` for a path that the service does not have. */
  route: string | undefined;
  /** Whether something else than the chassis answers when the deadline passes. */
  takenOver: boolean;
  /** The failure that a stale answer replaced. */
  degraded: ProblemCode | undefined;
  /** The id of the fault that was injected. */
  fault: string | undefined;
  /** Whether its handler is running. */
  handling: boolean;
  /** Whether admission refused it before it started. */
  refused: boolean;
  /** Frees its place in admission. */
  release: (() => void) | undefined;
  problem: { readonly code: ProblemCode; readonly detail: string } | undefined;
}

/**
 * The record is a property of the answer rather than an entry of a WeakMap: V8's minor collections treat the values of an
 * old WeakMap as alive, and a value that refers back to its key keeps the whole request until the next major one
 * (Node 24.21).
 */
const RECORD = Symbol('request record');

type Recorded = ServerResponse & { [RECORD]?: RequestRecord };

/**
 * The record of the request that `res` answers.
 * @throws Error outside of a service of `createService`
 */
export function recordOf(res: ServerResponse): RequestRecord {
  const record = (res as Recorded)[RECORD];
  if (record === undefined) throw new Error('no request record: openRequest has not run');
  return record;
}

/**
 * The callback for a stale answer that replaces a failure. The answer then says so (`Age`, RFC 9111 §5.1; `Cache-Status`,
 * RFC 9211) and must not be stored by other caches; the log line of the request has the outcome `degraded`.
 * @returns takes the age of the stale answer in milliseconds and the code of the failure
 */
export function sayStale(context: RequestContext): (ageMs: number, because: ProblemCode) => void {
  return (ageMs, because) => {
    context.answerHeaders.age = String(Math.floor(ageMs / 1_000));
    // Not `hit`: the request was forwarded, and it failed (RFC 9211 §2.1, §2.2).
    context.answerHeaders['cache-status'] = 'halfopen; fwd=stale';
    context.answerHeaders['cache-control'] = 'no-store';
    (context as RequestRecord).degraded = because;
  };
}

/** Stops the chassis from answering `res` when its deadline passes. For faults that must stay silent. */
export function takeOver(res: ServerResponse): void {
  recordOf(res).takenOver = true;
}

/** The caller's id if it is well-formed, else a new one. */
function requestIdOf(req: IncomingMessage): string {
  const given = req.headers[HEADERS.requestId];
  return typeof given === 'string' && ID_PATTERN.test(given) ? given : randomUUID();
}

export interface RequestRules {
  /** The longest that a request may take, in milliseconds. The caller's `x-deadline-ms` can ask for less. */
  readonly mostMs: number;
  /** Request headers that are passed on unchanged to every service called for a request. Default: none. */
  readonly passedOn?: readonly string[];
  /** Records a span for the request. Default: no span. */
  readonly tracer?: Tracer | undefined;
}

/**
 * Opens the record of a request and normalizes its target: ids, trace, deadline, and the signal that ends all work for it. When the deadline passes,
 * the signal aborts; if the handler does not answer then, the chassis answers 504.
 * @returns the problem to refuse the request with, if its headers are invalid
 */
export function openRequest(
  req: IncomingMessage,
  res: ServerResponse,
  { mostMs, passedOn = [], tracer }: RequestRules,
): HttpProblem | undefined {
  const malformed = readHead(req, res);
  const requestId = requestIdOf(req);
  const trace = traceContextOf(req, tracer);
  const startedAt = performance.now();
  const controller = new AbortController();
  const asked = req.headers[HEADERS.deadlineMs];
  const askedMs = asked === undefined ? mostMs : parseDeadlineMs(asked);
  const limitMs = Math.min(askedMs ?? mostMs, mostMs);

  const headers: Record<string, string> = { [HEADERS.requestId]: requestId, ...trace.headers };
  const baggage = parseBaggage(textOf(req.headers.baggage));
  if (baggage !== undefined) headers.baggage = baggage;
  for (const name of passedOn) {
    const value = req.headers[name];
    if (typeof value === 'string') headers[name] = value;
  }
  const record: RequestRecord = {
    requestId,
    trace,
    startedAt,
    deadlineAt: startedAt + limitMs,
    signal: controller.signal,
    headers,
    answerHeaders: {},
    route: undefined,
    takenOver: false,
    degraded: undefined,
    fault: undefined,
    handling: false,
    refused: false,
    release: undefined,
    problem: undefined,
  };
  (res as Recorded)[RECORD] = record;
  res.setHeader(HEADERS.requestId, requestId);

  const timer = setTimeout(() => {
    const late = new HttpProblem('deadline_exceeded', 'no answer before the deadline');
    controller.abort(late);
    // The handler is notified first and can answer by itself.
    setImmediate(() => {
      if (res.writableEnded || record.takenOver) return;
      record.problem ??= { code: late.code, detail: late.message };
      sendProblem(res, late, requestId);
    });
  }, limitMs);
  res.once('close', () => {
    clearTimeout(timer);
    if (res.writableFinished) return;
    record.problem = isCutOff(res)
      ? { code: 'internal', detail: 'cut off: the service stopped before the answer was ready' }
      : { code: 'cancelled', detail: 'the caller went away' };
    controller.abort();
  });

  if (malformed !== undefined) return malformed;
  if (askedMs === undefined) {
    return new HttpProblem(
      'bad_request',
      `${HEADERS.deadlineMs} ${quote(asked)} is not a positive whole number of milliseconds`,
    );
  }
  return undefined;
}

function textOf(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.join();
}

function parseDeadlineMs(value: string | string[]): number | undefined {
  return typeof value === 'string' && /^\d+$/.test(value) && Number(value) > 0 ? Number(value) : undefined;
}
