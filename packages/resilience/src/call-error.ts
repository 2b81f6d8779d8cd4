/**
 * Every way a call to another service can end other than well. Closed: a new code is a change of contract.
 * The wire carries the same words as the `code` of a problem document.
 */
export const CALL_ERROR_CODES = [
  'bad_request',
  'cancelled',
  'deadline_exceeded',
  'attempt_timeout',
  'unreachable',
  'connection_lost',
  'bad_response',
  'remote_error',
  'remote_refused',
  'overloaded',
  'breaker_open',
  'budget_exhausted',
  'internal',
] as const;

export type CallErrorCode = (typeof CALL_ERROR_CODES)[number];

/**
 * Whether the other side can have acted on the request. Only `never` may be repeated for an operation that is not
 * idempotent (RFC 9110 §9.2.2).
 */
export type Sent = 'never' | 'perhaps' | 'answered';

export interface CallErrorOptions {
  /** Default `never`: the policies refuse calls before they are sent. */
  readonly sent?: Sent;
  /** Milliseconds after which another try may do better, where the other side or a policy knows. */
  readonly retryAfterMs?: number | undefined;
  /** HTTP status, where one was received. */
  readonly status?: number | undefined;
  /** Another attempt of the same call cannot do better. Default false. */
  readonly final?: boolean;
  /**
   * The request met a kept connection that the other side was just closing (node #20256): nobody's failure, and no sign
   * of trouble. Default false.
   */
  readonly staleConnection?: boolean;
  /** What led to this. Must be free of headers, bodies and secrets: it is logged. */
  readonly cause?: unknown;
}

const brand = Symbol.for('halfopen.CallError');

/** A policy's answers under load. To collect a stack costs more than to refuse, and it would always be the same one. */
const REFUSALS: ReadonlySet<CallErrorCode> = new Set(['breaker_open', 'overloaded', 'budget_exhausted']);

/**
 * The one error of a call. Match by `code`, not by class: two installed copies of this package stay compatible. A refusal
 * (`breaker_open`, `overloaded`, `budget_exhausted`) has no stack frames.
 */
export class CallError extends Error {
  override readonly name = 'CallError';
  readonly code: CallErrorCode;
  readonly sent: Sent;
  readonly retryAfterMs: number | undefined;
  readonly status: number | undefined;
  readonly final: boolean;
  readonly staleConnection: boolean;

  constructor(code: CallErrorCode, message: string, options: CallErrorOptions = {}) {
    const { stackTraceLimit } = Error;
    if (REFUSALS.has(code)) Error.stackTraceLimit = 0;
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.code = code;
    this.sent = options.sent ?? 'never';
    this.retryAfterMs = options.retryAfterMs;
    this.status = options.status;
    this.final = options.final ?? false;
    this.staleConnection = options.staleConnection ?? false;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** True for a `CallError` of any copy of this package. */
export function isCallError(error: unknown): error is CallError {
  return typeof error === 'object' && error !== null && brand in error;
}

/**
 * The error behind an aborted signal. Whoever aborts with an error that has a code of ours (a deadline, a service's own
 * time limit) is taken at its word; whoever aborts without saying why is a caller who left.
 */
export function abortError({ reason }: AbortSignal): CallError {
  if (isCallError(reason)) return reason;
  const code = CALL_ERROR_CODES.find((known) => known === (reason as { code?: unknown } | null | undefined)?.code);
  return code === undefined
    ? new CallError('cancelled', 'the caller went away', { sent: 'perhaps' })
    : new CallError(code, reason instanceof Error ? reason.message : code, { sent: 'perhaps' });
}
