/** Every way in which a call can fail. The list is closed: a new code changes the contract. On the wire it is the `code` of a problem document. */
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

/** Whether the downstream can have acted on the request. An operation that is not idempotent may be repeated only after `never` (RFC 9110 §9.2.2). */
export type Sent = 'never' | 'perhaps' | 'answered';

export interface CallErrorOptions {
  /** Default `never`: policies refuse calls before they are sent. */
  readonly sent?: Sent;
  /** Milliseconds after which another call may succeed, if the downstream or a policy knows. */
  readonly retryAfterMs?: number | undefined;
  /** HTTP status, if one was received. */
  readonly status?: number | undefined;
  /** Another attempt of the same call cannot succeed. Default false. */
  readonly final?: boolean;
  /** The request went out on a kept connection that the downstream was just closing (node #20256). That is nobody's failure. Default false. */
  readonly staleConnection?: boolean;
  /** This process was stalled while it waited, so the failure says nothing about the downstream. Default false. */
  readonly ownStall?: boolean;
  /** What led to this. Must not hold headers, bodies or secrets, because it is logged. */
  readonly cause?: unknown;
}

const brand = Symbol.for('halfopen.CallError');

/** What policies answer under load. Collecting a stack would cost more than the refusal, and would always be the same one. */
const REFUSALS: ReadonlySet<CallErrorCode> = new Set(['breaker_open', 'overloaded', 'budget_exhausted']);

/**
 * The only error of a call. Match it by `code` and not by class, so that two installed copies of this package are compatible. A refusal
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
  readonly ownStall: boolean;

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
    this.ownStall = options.ownStall ?? false;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** True for a `CallError` of any copy of this package. */
export function isCallError(error: unknown): error is CallError {
  return typeof error === 'object' && error !== null && brand in error;
}

/**
 * The error behind an aborted signal. An abort reason that carries one of our codes (a deadline, a service's own time limit) keeps it.
 * Any other abort is a caller who left.
 */
export function abortError({ reason }: AbortSignal): CallError {
  if (isCallError(reason)) return reason;
  const code = CALL_ERROR_CODES.find((known) => known === (reason as { code?: unknown } | null | undefined)?.code);
  return code === undefined
    ? new CallError('cancelled', 'the caller went away', { sent: 'perhaps' })
    : new CallError(code, reason instanceof Error ? reason.message : code, { sent: 'perhaps' });
}
