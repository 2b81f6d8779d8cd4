/** The header names that Halfopen's services speak to each other, once. Lower case, as Node gives them. */
export const HEADERS = {
  /** Names one request across every hop and log line. Kept if the caller sent a sane one, else made. */
  requestId: 'x-request-id',
  /** W3C Trace Context. */
  traceparent: 'traceparent',
  tracestate: 'tracestate',
  /** Milliseconds left for this request. Relative, so clocks need not agree. A positive whole number. */
  deadlineMs: 'x-deadline-ms',
  /** 1 for the first attempt of a call, 2 for its first retry. */
  attempt: 'x-attempt',
  /** Seconds or an HTTP date (RFC 9110 §10.2.3). */
  retryAfter: 'retry-after',
  /** Asks for a fault in this one request, where `FAULTS=on`. Passed on downstream. */
  fault: 'x-fault',
  /** On an answer that was broken on purpose: the id of the fault. Not passed on upstream. */
  faultInjected: 'x-fault-injected',
} as const;

/** What a request id may look like: fits every log and header, carries no markup. */
export const REQUEST_ID_PATTERN = /^[A-Za-z0-9._-]{1,128}$/;
