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

export interface CallTraces {
  /** Outermost: a span for the logical call, with an event for each decision of a policy. */
  readonly call: Policy;
  /**
   * Innermost: a span for each attempt, and of it the other side's span is a child. Where nothing is recorded, an
   * attempt still has an id of its own (W3C Trace Context: the parent id names the request, not the trace).
   */
  readonly attempt: Policy;
}

/**
 * Traces of the calls to one downstream, named as OpenTelemetry names those of RPC and HTTP clients. A call is recorded
 * if the request that it is made for is: its `traceparent` says so. Where it is not, that look is all it costs.
 * @param tracer left out, nothing is recorded
 */
export function callTraces(contract: Contract, random: Random, tracer: Tracer | undefined): CallTraces {
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

/** Without an `async` of its own around what is not recorded: nearly all of it, where one request in a hundred is. */
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

/** Attempts of one call are different requests, recorded or not. */
function withOwnId(random: Random): Policy {
  return (next) => (context) => {
    const sent = parseTraceparent(context.headers[HEADERS.traceparent]);
    if (sent === undefined) return next(context);
    const traceparent = formatTraceparent({ ...sent, parentId: newParentId(random) });
    return next({ ...context, headers: { ...context.headers, [HEADERS.traceparent]: traceparent } });
  };
}

/** 16 hex digits. The first is never 0: an id of zeros is none. */
function newParentId(random: Random): string {
  const half = (from: number) => Math.floor(from + random() * (0x1_0000_0000 - from)).toString(16);
  return half(0x1000_0000) + half(0).padStart(8, '0');
}

/** The span that this call or attempt is a part of, if it is recorded. */
function recordedParent({ headers }: CallContext): Context | undefined {
  const sent = parseTraceparent(headers[HEADERS.traceparent]);
  if (sent === undefined || (sent.flags & SAMPLED) === 0) return undefined;
  const { traceId, parentId: spanId, flags: traceFlags } = sent;
  const tracestate = headers[HEADERS.tracestate];
  const traceState = tracestate === undefined ? {} : { traceState: createTraceState(tracestate) };
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, ...traceState });
}

/** The context of what happens inside of a span. */
function below(context: CallContext, span: Span): CallContext {
  const { traceId, spanId, traceFlags } = span.spanContext();
  // The SDK knows one flag only; whether the trace id is random was said by whoever drew it.
  const random = (parseTraceparent(context.headers[HEADERS.traceparent])?.flags ?? 0) & RANDOM_TRACE_ID;
  const traceparent = formatTraceparent({ traceId, parentId: spanId, flags: traceFlags | random });
  return { ...context, headers: { ...context.headers, [HEADERS.traceparent]: traceparent } };
}

function attemptAttributes(method: string, path: string, { endpoint, attempt }: CallContext): Attributes {
  const { origin = '' } = endpoint ?? {};
  const { hostname = '', port = '', protocol = '' } = URL.parse(origin) ?? {};
  return {
    'http.request.method': method,
    'url.template': path,
    // Without the query: it holds what the caller typed.
    'url.full': origin + path,
    'server.address': hostname,
    'server.port': Number(port) || (protocol === 'https:' ? 443 : 80),
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

/** What the policies decide, as events of the call's span. Attempts have spans of their own. */
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
      case 'rejected':
        span.addEvent('rejected', { 'error.type': event.code });
        break;
      case 'breaker_admitted':
        // One that is closed decides nothing.
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
