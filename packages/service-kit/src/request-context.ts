import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { HEADERS, ID_PATTERN, type ProblemCode } from '@halfopen/contracts';
import type { Tracer } from '@opentelemetry/api';
import { HttpProblem, sendProblem } from './http-problem.ts';
import { isCutOff } from './http-server.ts';
import { quote } from './quote.ts';
import { syntaxMistake } from './request-syntax.ts';
import { type TraceContext, traceContextOf } from './trace-context.ts';

/** What a handler knows of the request it works for, in the form that a client of another service takes. */
export interface RequestContext {
  readonly requestId: string;
  readonly trace: TraceContext;
  /** Aborted when nobody waits any longer: the caller left, or the time is up. */
  readonly signal: AbortSignal;
  /** When the answer must be out, in `performance.now()` milliseconds. */
  readonly deadlineAt: number;
  /** Go along with every call made for this request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of the answer, if it is a 200: a handler may add to them. */
  readonly answerHeaders: Record<string, string>;
}

/** The request's context and what became of it, for the log and the metrics. */
export interface RequestRecord extends RequestContext {
  readonly startedAt: number;
  route: string | undefined;
  takenOver: boolean;
  /** The failure that an old answer stands in for. */
  degraded: ProblemCode | undefined;
  /** The fault that was injected on purpose. */
  fault: string | undefined;
  /** A handler works on it. */
  handling: boolean;
  /** Refused by admission, unstarted. */
  refused: boolean;
  /** Gives its place back to admission. */
  release: (() => void) | undefined;
  problem: { readonly code: ProblemCode; readonly detail: string } | undefined;
}

/**
 * On the answer itself, not in a WeakMap: V8's minor collections take the values of an old WeakMap for alive, and a value
 * that leads back to its key keeps the whole request until the next major one (Node 24.21).
 */
const RECORD = Symbol('request record');

type Recorded = ServerResponse & { [RECORD]?: RequestRecord };

/** The record of the request that `res` answers. */
export function recordOf(res: ServerResponse): RequestRecord {
  const record = (res as Recorded)[RECORD];
  if (record === undefined) throw new Error('no request record: openRequest has not run');
  return record;
}

/**
 * What to do when an old answer stands in for a failure: the answer says so (`Age`, RFC 9111 §5.1; `Cache-Status`,
 * RFC 9211), is not to be stored by anybody else, and the log line of the request says `degraded`.
 */
export function sayStale(context: RequestContext): (ageMs: number, because: ProblemCode) => void {
  return (ageMs, because) => {
    context.answerHeaders.age = String(Math.floor(ageMs / 1_000));
    context.answerHeaders['cache-status'] = 'halfopen; hit; fwd=stale';
    context.answerHeaders['cache-control'] = 'no-store';
    (context as RequestRecord).degraded = because;
  };
}

/** The chassis will no longer answer `res` by itself when the time is up: for faults, whose silence is the point. */
export function takeOver(res: ServerResponse): void {
  recordOf(res).takenOver = true;
}

/** The caller's id where it is sane, else a new one. */
function requestIdOf(req: IncomingMessage): string {
  const given = req.headers[HEADERS.requestId];
  return typeof given === 'string' && ID_PATTERN.test(given) ? given : randomUUID();
}

export interface RequestRules {
  /** The most a request may take; the caller's `x-deadline-ms` may ask for less. */
  readonly mostMs: number;
  /** Headers that are passed on unchanged to every service called for a request. Default: none. */
  readonly passedOn?: readonly string[];
  /** Records this service's part of the request. Default: nobody does. */
  readonly tracer?: Tracer | undefined;
}

/**
 * Begins the record of a request: ids, trace, deadline, and the signal that ends all work for it. When the time is up
 * the signal aborts and, should the handler not answer on that, the chassis does.
 * @returns why the request must be refused, where its headers are unsound
 */
export function openRequest(
  req: IncomingMessage,
  res: ServerResponse,
  { mostMs, passedOn = [], tracer }: RequestRules,
): HttpProblem | undefined {
  const requestId = requestIdOf(req);
  const trace = traceContextOf(req, tracer);
  const startedAt = performance.now();
  const controller = new AbortController();
  const asked = req.headers[HEADERS.deadlineMs];
  const askedMs = asked === undefined ? mostMs : parseDeadlineMs(asked);
  const limitMs = Math.min(askedMs ?? mostMs, mostMs);

  const headers: Record<string, string> = { [HEADERS.requestId]: requestId, ...trace.headers };
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
    // The handler hears the signal first and may answer in its own words.
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

  if (askedMs === undefined) {
    return new HttpProblem(
      'bad_request',
      `${HEADERS.deadlineMs} ${quote(asked)} is not a positive whole number of milliseconds`,
    );
  }
  const mistake = syntaxMistake(req);
  if (mistake === undefined) return undefined;
  res.shouldKeepAlive = false;
  return new HttpProblem('bad_request', mistake);
}

function parseDeadlineMs(value: string | string[]): number | undefined {
  return typeof value === 'string' && /^\d+$/.test(value) && Number(value) > 0 ? Number(value) : undefined;
}
