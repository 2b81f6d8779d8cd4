import { isCallError, type TransportResponse } from '@halfopen/client';
import { isProblemCode, PROBLEMS } from '@halfopen/contracts';
import type { SimulatedClient } from '../client/simulated-client.ts';
import { OK, type Request, responseOf } from './request.ts';

/**
 * The work of a service that calls another one, as the edge calls the greeter. It passes on the deadline that it was given and the
 * hint when to retry, aborts its call when its own caller leaves, and answers a failure with the status of its code.
 */
export function relayTo(client: SimulatedClient): (request: Request) => Promise<TransportResponse> {
  return async (request) => {
    const left = new AbortController();
    if (request.isAbandoned) left.abort(LEFT);
    request.onAbandoned(() => left.abort(LEFT));
    try {
      await client.call({ id: request.id, deadlineAt: request.deadlineAt, signal: left.signal });
      return OK;
    } catch (error) {
      if (!isCallError(error) || !isProblemCode(error.code)) throw error;
      return responseOf(PROBLEMS[error.code].status, error.retryAfterMs);
    }
  };
}

/** Given as a reason, because without one every abort makes a DOMException with a stack. */
const LEFT = 'the caller has left';
