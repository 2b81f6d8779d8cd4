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
  /** How old the answer says it is (Age), in milliseconds. Default 0. */
  readonly ageMs?: number;
  readonly contentEncoding: string | undefined;
  /** What Retry-After asked for, where it could be read. */
  readonly retryAfterMs: number | undefined;
  /** The fault that the other side says it has injected. */
  readonly fault: string | undefined;
  readonly body: Uint8Array;
}

export interface Transport {
  /**
   * Carries one attempt. Resolves with whatever status was answered; what that means is the contract's business. Ends
   * when `context.signal` aborts, down to the socket; a connection that is still being made is not waited for.
   * @throws CallError `unreachable`, `connection_lost`, `bad_response` (no whole HTTP message), or the abort's reason
   */
  send(request: TransportRequest, context: CallContext): Promise<TransportResponse>;
}
