import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { HEADERS } from '@halfopen/contracts';
import { parseTraceParent, TraceState } from '@opentelemetry/core';

export interface TraceContext {
  /** 32 hex digits: names the whole journey. */
  readonly traceId: string;
  /** 16 hex digits: names this service's part of it. */
  readonly spanId: string;
  /** What goes along with every call made for this request. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Continues the caller's trace (W3C Trace Context), or begins one where the caller sent none or a broken one. A
 * `tracestate` without a valid `traceparent` is dropped, as the standard asks.
 */
export function traceContextOf(headers: IncomingHttpHeaders): TraceContext {
  const random = randomBytes(24).toString('hex');
  const spanId = random.slice(32);
  const traceparent = headers[HEADERS.traceparent];
  const parent = typeof traceparent === 'string' ? parseTraceParent(traceparent) : null;
  if (parent === null) {
    const traceId = random.slice(0, 32);
    return { traceId, spanId, headers: { [HEADERS.traceparent]: `00-${traceId}-${spanId}-00` } };
  }
  const { traceId, traceFlags } = parent;
  const along: Record<string, string> = {
    [HEADERS.traceparent]: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
  };
  const tracestate = headers[HEADERS.tracestate];
  if (tracestate !== undefined) {
    const valid = new TraceState(String(tracestate)).serialize();
    if (valid !== '') along[HEADERS.tracestate] = valid;
  }
  return { traceId, spanId, headers: along };
}
