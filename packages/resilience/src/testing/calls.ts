import { type CallContext, callContext } from '../call-context.ts';
import { CallError } from '../call-error.ts';
import { type Clock, sleep, systemClock } from '../clock.ts';
import type { Call } from '../policy.ts';

/** The context of a safe call, with any member replaced. For tests of one policy, which a typed client does not call. */
export function testContext(changes: Partial<CallContext> = {}): CallContext {
  return { ...callContext({ name: 'hello', safety: 'safe', input: {}, mayBeStale: true }), ...changes };
}

/** A failure that the downstream answered with this status. @param retryAfterMs what its Retry-After asked for */
export function remoteError(status: number, retryAfterMs?: number): CallError {
  return new CallError('remote_error', `status ${status}`, { sent: 'answered', status, retryAfterMs });
}

/** A connection that was refused: certainly never sent. */
export function unreachable(): CallError {
  return new CallError('unreachable', 'refused', { sent: 'never' });
}

/**
 * A call that takes `ms` milliseconds and then ends with `outcome`: thrown if it is an error, returned if not. Ends at once when it is
 * aborted, as a good transport does.
 * @param clock default: the process's clock
 */
export function taking<T>(ms: number, outcome: T, clock: Clock = systemClock): Call<T> {
  return async ({ signal }) => {
    await sleep(clock, ms, signal);
    if (outcome instanceof Error) throw outcome;
    return outcome;
  };
}

export interface Tracked {
  /** The value, the code of the error, the error itself if it has no code, or `pending`. */
  readonly outcome: unknown;
  /** When it ended, on the clock. */
  readonly atMs: number | undefined;
}

/** How a promise ended, readable without waiting for it. @param clock default: the process's clock */
export function track(promise: Promise<unknown>, clock: Clock = systemClock): Tracked {
  const seen: { outcome: unknown; atMs: number | undefined } = { outcome: 'pending', atMs: undefined };
  const settle = (outcome: unknown) => {
    seen.outcome = outcome;
    seen.atMs = clock.now();
  };
  promise.then(settle, (error: { code?: unknown }) => settle(error.code ?? error));
  return seen;
}
