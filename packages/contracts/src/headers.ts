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
  /** `1` asks what happened to this request, where `FAULTS=on` or a setting allows it; on the answer, that: JSON. */
  explain: 'x-explain',
  /** On that answer, too: where the time went, for a browser's developer tools (W3C Server Timing). */
  serverTiming: 'server-timing',
  /** On an answer that was broken on purpose: the id of the fault. Not passed on upstream. */
  faultInjected: 'x-fault-injected',
} as const;

/** What an id (of a request, of a fault) may look like: fits every log and header, carries no markup. */
export const ID_PATTERN = /^[A-Za-z0-9._-]{1,128}$/;
