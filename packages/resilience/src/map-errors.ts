import { CallError, type CallErrorCode, type CallErrorOptions, isCallError } from './call-error.ts';
import type { Policy } from './policy.ts';

/** What an error of your own means to the policies. */
export interface ErrorMeaning extends Pick<CallErrorOptions, 'sent' | 'retryAfterMs' | 'status'> {
  readonly code: CallErrorCode;
}

/**
 * Lets policies understand the errors of a function that knows nothing of `CallError`. Put it innermost. The caller gets a
 * `CallError` whose `cause` is the original error.
 * @param meaningOf what an error means. `undefined` for a bug: it passes unchanged, is never retried, and says nothing about the
 *   downstream
 * @throws CallError with the code, `sent` (default `never`), `retryAfterMs` and `status` that `meaningOf` returned
 * @example
 *   const meaningOf = (error: unknown) =>
 *     error instanceof ConnectionError ? ({ code: 'connection_lost', sent: 'perhaps' } as const) : undefined;
 *   const find = compose(deadline({ timeoutMs: 1_000 }), retry({ attempts: 3 }), mapErrors(meaningOf))(
 *     ({ signal }) => database.find(id, { signal }),
 *   );
 *   const row = await find(callContext({ safety: 'idempotent' }));
 */
export function mapErrors(meaningOf: (error: unknown) => ErrorMeaning | undefined): Policy {
  return (next) => async (context) => {
    try {
      return await next(context);
    } catch (error) {
      const meaning = isCallError(error) ? undefined : meaningOf(error);
      if (meaning === undefined) throw error;
      const { code, ...options } = meaning;
      throw new CallError(code, error instanceof Error ? error.message : String(error), { ...options, cause: error });
    }
  };
}
