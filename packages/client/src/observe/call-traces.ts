import {
  type Contract,
  formatTraceparent,
  HEADERS,
  parseTraceparent,
  RANDOM_TRACE_ID,
  SAMPLED,
} from '@halfopen/contracts';
import {
  type Call,
  type CallContext,
  type CallEvent,
  isCallError,
  type Policy,
  type Random,
} from '@halfopen/resilience';
import {
  type Attributes,
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { CallObserver } from '../observer.ts';
import { addressesOf } from './addresses.ts';

export interface CallTracesOptions {
  /** Records spans. Default: nothing is recorded. */
  readonly tracer?: Tracer | undefined;
  /** Draws the ids of attempts that are not recorded. Default `Math.random`. */
  readonly random?: Random;
}

/**
 * Traces the calls to one downstream, with OpenTelemetry's names for RPC and HTTP clients: a span for the logical call, with an event
 * for each decision of a policy, and below it a span for each attempt. The downstream's span is a child of the attempt.
 *
 * A call is recorded if the request that causes it is recorded, as its `traceparent` says. If not, that check is all it costs, and
 * attempts still have different ids (W3C Trace Context: the parent id identifies the request, not the trace).
 */
export function callTraces(contract: Contract, options: CallTracesOptions = {}): CallObserver {
  const { tracer, random = Math.random } = options;
  if (tracer === undefined) return { call: (next) => next, attempt: withOwnId(random) };
  return { call: recordCall(contract, tracer), attempt: recordAttempt(contract, tracer, random) };
}

function recordCall({ name: downstream }: Contract, tracer: Tracer): Policy {
  const record = async <T>(next: Call<T>, context: CallContext, parent: Context): Promise<T> => {
    const { operation, notes, watch } = context;
    const attributes = { 'rpc.service': downstream, 'rpc.method': operation.name };
    const span = tracer.startSpan(`${downstream}/${operation.name}`, { kind: SpanKind.CLIENT, attributes }, parent);
    try {
      const value = await next({ ...below(context, span), watch: both(watch, noteDecisions(span)) });
      if (notes.staleMs !== undefined) {
        span.addEvent('stale answer', {
          'halfopen.age_ms': Math.round(notes.staleMs),
          'error.type': notes.staleBecause ?? '',
        });
      }
      return value;
    } catch (error) {
      fail(span, error);
      throw error;
    } finally {
      span.setAttribute('halfopen.attempts', notes.attempts).end();
    }
  };
  return ifRecorded(record, (next) => next);
}

function recordAttempt({ operations }: Contract, tracer: Tracer, random: Random): Policy {
  const record = async <T>(next: Call<T>, context: CallContext, parent: Context): Promise<T> => {
    const { method = 'GET', path = '/' } = operations[context.operation.name] ?? {};
    const attributes = attemptAttributes(method, path, context);
    const span = tracer.startSpan(`${method} ${path}`, { kind: SpanKind.CLIENT, attributes }, parent);
    try {
      return await next({ ...below(context, span), watch: both(context.watch, noteAnswer(span)) });
    } catch (error) {
      fail(span, error);
      throw error;
    } finally {
      span.end();
    }
  };
  return ifRecorded(record, withOwnId(random));
}

/** Adds no `async` around a call that is not recorded: with one request in a hundred recorded, that is nearly all of them. */
function ifRecorded(
  record: <T>(next: Call<T>, context: CallContext, parent: Context) => Promise<T>,
  otherwise: Policy,
): Policy {
  return (next) => {
    const unrecorded = otherwise(next);
    return (context) => {
      const parent = recordedParent(context);
      return parent === undefined ? unrecorded(context) : record(next, context, parent);
    };
  };
}

/** The headers of requests whose own id an attempt has passed on. All calls made for a request share one object. */
const passedOn = new WeakSet<Readonly<Record<string, string>>>();

/**
 * Attempts that are not recorded. The first one made for a request passes on the request's own id, which is in its log line, so that
 * the downstream's parent can be found there. Every other attempt is another request, and gets an id of its own.
 */
function withOwnId(random: Random): Policy {
  return (next) => (context) => {
    const { headers } = context;
    const sent = parseTraceparent(headers[HEADERS.traceparent]);
    if (sent === undefined) return next(context);
    if (!passedOn.has(headers)) {
      passedOn.add(headers);
      return next(context);
    }
    const traceparent = formatTraceparent({ ...sent, parentId: newParentId(random) });
    return next({ ...context, headers: { ...headers, [HEADERS.traceparent]: traceparent } });
  };
}

/** 16 hex digits. The first is never 0, because an id of zeros is invalid. */
function newParentId(random: Random): string {
  const half = (from: number) => Math.floor(from + random() * (0x1_0000_0000 - from)).toString(16);
  return half(0x1000_0000) + half(0).padStart(8, '0');
}

/** The recorded span that this call or attempt belongs to, if there is one. */
function recordedParent({ headers }: CallContext): Context | undefined {
  const sent = parseTraceparent(headers[HEADERS.traceparent]);
  if (sent === undefined || (sent.flags & SAMPLED) === 0) return undefined;
  const { traceId, parentId: spanId, flags: traceFlags } = sent;
  const tracestate = headers[HEADERS.tracestate];
  const traceState = tracestate === undefined ? {} : { traceState: createTraceState(tracestate) };
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, ...traceState });
}

/** The context of what happens inside a span. */
function below(context: CallContext, span: Span): CallContext {
  const { traceId, spanId, traceFlags } = span.spanContext();
  // The SDK knows only the sampled flag. Whether the trace id is random is known only to whoever drew it.
  const random = (parseTraceparent(context.headers[HEADERS.traceparent])?.flags ?? 0) & RANDOM_TRACE_ID;
  const traceparent = formatTraceparent({ traceId, parentId: spanId, flags: traceFlags | random });
  return { ...context, headers: { ...context.headers, [HEADERS.traceparent]: traceparent } };
}

function attemptAttributes(method: string, path: string, { endpoint, attempt }: CallContext): Attributes {
  const { server, peer } = addressesOf(endpoint);
  return {
    'http.request.method': method,
    'url.template': path,
    // Without the query, which holds what the caller typed.
    'url.full': server.origin + path,
    'server.address': server.address,
    'server.port': server.port,
    ...(peer === undefined ? {} : { 'network.peer.address': peer.address, 'network.peer.port': peer.port }),
    ...(attempt > 1 ? { 'http.request.resend_count': attempt - 1 } : {}),
  };
}

function fail(span: Span, error: unknown): void {
  const code = isCallError(error) ? error.code : 'internal';
  span.setAttribute('error.type', code);
  // A caller who left is nobody's failure.
  if (code !== 'cancelled') span.setStatus({ code: SpanStatusCode.ERROR, message: code });
}

type Watcher = (event: CallEvent) => void;

function both(outer: Watcher | undefined, own: Watcher): Watcher {
  if (outer === undefined) return own;
  return (event) => {
    outer(event);
    own(event);
  };
}

function noteAnswer(span: Span): Watcher {
  return (event) => {
    if (event.type !== 'answered') return;
    span.setAttribute('http.response.status_code', event.status);
    if (event.fault !== undefined) span.addEvent('fault injected', { 'halfopen.fault': event.fault });
  };
}

/** Records what the policies decide as events of the call's span. Attempts have spans of their own. */
function noteDecisions(span: Span): Watcher {
  return (event) => {
    switch (event.type) {
      case 'queued':
        span.addEvent('queued');
        break;
      case 'admitted':
        span.addEvent('admitted');
        break;
      case 'shared':
        span.addEvent('shared with an identical call');
        break;
      case 'retry':
        span.addEvent('backoff', {
          'error.type': event.reason,
          'halfopen.attempt': event.attempt,
          'halfopen.delay_ms': event.delayMs,
        });
        break;
      case 'hedge':
        span.addEvent('hedge', { 'halfopen.after_ms': event.afterMs });
        break;
      case 'late':
        span.addEvent('late', { 'halfopen.attempt': event.attempt });
        break;
      case 'waiting':
        span.addEvent('waiting for an endpoint to come back');
        break;
      case 'waited':
        span.addEvent('waited', { 'halfopen.outcome': event.outcome, 'halfopen.waited_ms': event.waitedMs });
        break;
      case 'rejected':
        span.addEvent('rejected', { 'error.type': event.code });
        break;
      case 'breaker_admitted':
        // A closed breaker decides nothing.
        if (event.state !== 'closed') span.addEvent('breaker probe', { 'halfopen.attempt': event.attempt });
        break;
      case 'breaker_verdict':
        span.addEvent('breaker verdict', {
          'halfopen.attempt': event.attempt,
          'halfopen.breaker.verdict': event.verdict,
        });
        break;
      default:
    }
  };
}
