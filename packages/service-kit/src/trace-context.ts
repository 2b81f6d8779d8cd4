import { randomFillSync } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import {
  formatTraceparent,
  HEADERS,
  parseTraceparent,
  parseTracestate,
  RANDOM_TRACE_ID,
  SAMPLED,
} from '@halfopen/contracts';
import { createTraceState, ROOT_CONTEXT, type Span, SpanKind, type Tracer, trace } from '@opentelemetry/api';

/** The trace of a request (W3C Trace Context, level 2). */
export interface TraceContext {
  /** 32 hex digits. The same in every service that the request passes. */
  readonly traceId: string;
  /** 16 hex digits. Names this service's span. */
  readonly spanId: string;
  /** `traceparent` and `tracestate` for every call made for this request. */
  readonly headers: Readonly<Record<string, string>>;
  /** This service's span, if it is recorded. */
  readonly span: Span | undefined;
}

/**
 * Continues the caller's trace (W3C Trace Context, level 2), or starts a new one if the caller sent none or an invalid one.
 * A `tracestate` without a valid `traceparent` is dropped (§3.3.1.2).
 * @param tracer records a span, if its sampler selects the request. `undefined`: no span
 */
export function traceContextOf({ headers, method = '' }: IncomingMessage, tracer: Tracer | undefined): TraceContext {
  const parent = parseTraceparent(textOf(headers[HEADERS.traceparent]));
  const tracestate = parent === undefined ? undefined : parseTracestate(textOf(headers[HEADERS.tracestate]));
  let traceId: string;
  let spanId: string;
  let flags = parent === undefined ? RANDOM_TRACE_ID : parent.flags;
  let span: Span | undefined;
  if (tracer === undefined) {
    traceId = parent?.traceId ?? randomHex(16);
    spanId = randomHex(8);
  } else {
    const traceState = tracestate === undefined ? {} : { traceState: createTraceState(tracestate) };
    const context =
      parent === undefined
        ? ROOT_CONTEXT
        : trace.setSpanContext(ROOT_CONTEXT, {
            traceId: parent.traceId,
            spanId: parent.parentId,
            traceFlags: parent.flags,
            isRemote: true,
            ...traceState,
          });
    const begun = tracer.startSpan(method, { kind: SpanKind.SERVER }, context);
    ({ traceId, spanId } = begun.spanContext());
    if (begun.isRecording()) span = begun;
    flags = span === undefined ? flags & ~SAMPLED : flags | SAMPLED;
  }
  return {
    traceId,
    spanId,
    span,
    headers: {
      [HEADERS.traceparent]: formatTraceparent({ traceId, parentId: spanId, flags }),
      ...(tracestate === undefined ? {} : { [HEADERS.tracestate]: tracestate }),
    },
  };
}

/** Repeated headers are equivalent to one, joined by commas (RFC 9110 §5.3). */
function textOf(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.join();
}

/** Random bytes in stock: one system call costs the same for 24 bytes as for thousands. */
const random = Buffer.alloc(4_096);
let randomUsed = random.length;

function randomHex(bytes: number): string {
  if (randomUsed + bytes > random.length) {
    randomFillSync(random);
    randomUsed = 0;
  }
  randomUsed += bytes;
  return random.toString('hex', randomUsed - bytes, randomUsed);
}
