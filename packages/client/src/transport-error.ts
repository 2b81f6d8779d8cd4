import { CallError } from '@halfopen/resilience';
import { errors } from 'undici';
import { BrokenBodyError } from './undici-adapter.ts';

/** Failures that only happen before a connection is made: the request was certainly never sent. */
const NEVER_SENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'EADDRNOTAVAIL',
  // No file descriptor is left for a socket.
  'EMFILE',
  'ENFILE',
  'UND_ERR_CONNECT_TIMEOUT',
  // Our own pool was closed or given up before it had a connection.
  'UND_ERR_CLOSED',
  'UND_ERR_DESTROYED',
]);

/** The TLS handshake failed, before any request: protocol errors and untrusted certificates. */
const HANDSHAKE = /^ERR_(SSL|TLS)_|CERT|^UNABLE_TO_/;

/**
 * undici's codes for bytes that are not an HTTP answer, besides those of its parser (`HPE_…`). It checks some of the parser's results
 * by assertions: a status below 100 or an unasked 101 fails there.
 */
const NOT_HTTP = /^HPE|^UND_ERR_(HEADERS_OVERFLOW|RES_CONTENT_LENGTH_MISMATCH)$|^ERR_ASSERTION$/;
const NOT_HTTP_MESSAGES: ReadonlySet<string> = new Set(['bad response', 'bad upgrade']);

/**
 * Translates a failure of the HTTP library into the call's error. Anything that is not a network failure is returned unchanged: it is
 * a bug of ours and must not be taken for the downstream's failure.
 */
export function transportError(error: unknown): unknown {
  if (error instanceof CallError) return error;
  if (error instanceof BrokenBodyError) {
    const cause = plainCause(error.cause);
    return new CallError('bad_response', `${error.message} (${cause.message})`, { sent: 'answered', cause });
  }
  // undici gives some parser errors no code.
  const code = codeOf(error) ?? (error instanceof errors.HTTPParserError ? 'HPE' : undefined);
  if (code === undefined || code === 'UND_ERR_INVALID_ARG') return error;
  const cause = plainCause(error);
  if (NEVER_SENT.has(code) || HANDSHAKE.test(code) || failedToConnect(error)) {
    return new CallError('unreachable', `no connection could be made (${code})`, { sent: 'never', cause });
  }
  if (NOT_HTTP.test(code) || NOT_HTTP_MESSAGES.has((error as Error).message)) {
    return new CallError('bad_response', `the answer was not HTTP (${code})`, { sent: 'answered', cause });
  }
  return new CallError('connection_lost', `the connection was lost before an answer (${code})`, {
    sent: 'perhaps',
    staleConnection: wasKept(error),
    cause,
  });
}

const NEVER_CONNECTED = Symbol('no connection was made');

/** Marks the errors of a connection that could not be made. */
export function markNeverConnected(error: object): void {
  Object.defineProperty(error, NEVER_CONNECTED, { value: true });
}

const KEPT = Symbol('the connection had answered before');

/** Marks the errors of a connection that has answered requests before. */
export function markIfKept(error: object, bytesRead: number): void {
  if (bytesRead > 0) Object.defineProperty(error, KEPT, { value: true });
}

function wasKept(error: unknown): boolean {
  const { socket } = error as { socket?: { bytesRead?: number } | null };
  return KEPT in (error as object) || (socket?.bytesRead ?? 0) > 0;
}

/** An AggregateError means that every address of the host failed. */
function failedToConnect(error: unknown): boolean {
  if (NEVER_CONNECTED in (error as object)) return true;
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  return (first as { syscall?: unknown }).syscall === 'connect';
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Only code and message: the errors of HTTP libraries carry requests, and those carry headers, bodies and secrets. */
function plainCause(error: unknown): Error {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  return new Error(code === undefined ? message : `${code}: ${message}`);
}
