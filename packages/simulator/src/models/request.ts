import type { TransportResponse } from '@halfopen/client';
import type { AttemptIdentity } from '../engine/chance.ts';

/** One attempt, as a server sees it. */
export interface Request extends AttemptIdentity {
  /** When its caller gives up, on the world's clock. `Infinity` if it never said. */
  readonly deadlineAt: number;
  /** Whether the caller has closed the connection, and the server could know. */
  readonly isAbandoned: boolean;
  /** Calls `listener` when the caller closes the connection. Only the last listener is called. */
  onAbandoned(listener: () => void): void;
  /** Sends an answer. Nobody hears it if the caller has left. Call it once. */
  respond(response: TransportResponse): void;
  /** Breaks the connection instead of answering. */
  reset(): void;
  /** Refuses the connection: the request was never sent. */
  refuse(): void;
}

/** An answer as the transport delivers it. The body is the contract's: an empty object. */
export function responseOf(status: number, retryAfterMs?: number): TransportResponse {
  return {
    status,
    contentType: 'application/json',
    contentEncoding: undefined,
    cacheControl: undefined,
    retryAfterMs,
    fault: undefined,
    body: BODY,
  };
}

const BODY = new TextEncoder().encode('{}');

export const OK = responseOf(200);
