/** The names of the headers that Halfopen's services exchange. Lower case, as in Node. */
export const HEADERS = {
  /** Identifies one request across every hop and log line. The caller's is kept if it is well-formed; otherwise one is made. */
  requestId: 'x-request-id',
  /** W3C Trace Context. */
  traceparent: 'traceparent',
  tracestate: 'tracestate',
  /** Milliseconds left for this request: a positive whole number. Relative, so that clocks need not agree. */
  deadlineMs: 'x-deadline-ms',
  /** 1 for the first attempt of a call, 2 for its first retry. */
  attempt: 'x-attempt',
  /** Seconds or an HTTP date (RFC 9110 §10.2.3). */
  retryAfter: 'retry-after',
  /** Asks for a fault in this one request, if `FAULTS=on`. Passed on downstream. */
  fault: 'x-fault',
  /** `1` asks what happened to this request, if `FAULTS=on` or a setting allows it. The answer says it in the same header, as JSON. */
  explain: 'x-explain',
  /** On the same answer: where the time went, for a browser's developer tools (W3C Server Timing). */
  serverTiming: 'server-timing',
  /** On an answer that was broken on purpose: the id of the fault. Not passed on upstream. */
  faultInjected: 'x-fault-injected',
} as const;

/** The form of an id (of a request or a fault). It fits into every log and header, and carries no markup. */
export const ID_PATTERN = /^[A-Za-z0-9._-]{1,128}$/;
