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

export interface TraceContext {
  /** 32 hex digits: names the whole journey. */
  readonly traceId: string;
  /** 16 hex digits: names this service's part of it. */
  readonly spanId: string;
  /** What goes along with every call made for this request. */
  readonly headers: Readonly<Record<string, string>>;
  /** This service's part, if it is recorded. */
  readonly span: Span | undefined;
}

/**
 * Continues the caller's trace (W3C Trace Context, level 2), or begins one where the caller sent none or a broken one. A
 * `tracestate` without a valid `traceparent` is dropped, as the standard asks.
 * @param tracer records this service's part, if its sampler says so; left out, nothing is recorded
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

/** Several headers of one name are one, joined by commas; Node does that for these. */
function textOf(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.join();
}

/** Asking the system for random bytes costs the same for 24 as for thousands. */
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
