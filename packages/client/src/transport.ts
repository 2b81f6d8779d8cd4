import type { CallContext } from '@halfopen/resilience';

export interface TransportRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
}

export interface TransportResponse {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly cacheControl: string | undefined;
  /** The answer's Age, in milliseconds. Default 0. */
  readonly ageMs?: number;
  readonly contentEncoding: string | undefined;
  /** The wait that Retry-After asks for, if it could be read. */
  readonly retryAfterMs: number | undefined;
  /** The id of the fault that the downstream says it has injected. */
  readonly fault: string | undefined;
  readonly body: Uint8Array;
}

export interface Transport {
  /**
   * Carries one attempt. Resolves with any status; the contract decides what it means. When `context.signal` aborts, the request ends,
   * down to the socket. A connection that is still being made is not waited for.
   * @throws CallError `unreachable`, `connection_lost`, `bad_response` (no whole HTTP message), or the abort's reason
   */
  send(request: TransportRequest, context: CallContext): Promise<TransportResponse>;
}
