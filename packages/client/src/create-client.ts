import { type Contract, formatQuery, type InputOf, type Operation, type OutputOf } from '@halfopen/contracts';
import {
  type Call,
  type CallContext,
  CallError,
  type CallErrorCode,
  type CallWatcher,
  type Clock,
  callContext,
  isCallError,
  none,
  type Policy,
  systemClock,
} from '@halfopen/resilience';
import { readResponse } from './read-response.ts';
import type { Transport } from './transport.ts';

export interface CallOptions {
  /** Aborts the call and everything that it caused, down to the socket. */
  readonly signal?: AbortSignal;
  /** When the caller stops waiting, on the client's clock (`performance.now()`). Policies may allow less, never more. */
  readonly deadlineAt?: number;
  /** Called when the answer is a stale one that replaces a failure, with its age in milliseconds and the failure. Without it, no stale answer is served. */
  readonly onStale?: (ageMs: number, because: CallErrorCode) => void;
  /** Sent with every attempt: request id, trace context. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Called with every event of the call. */
  readonly watch?: CallWatcher | undefined;
}

/** One typed method for each operation of the contract. */
export type Client<C extends Contract> = {
  readonly [Name in keyof C['operations']]: (
    input: InputOf<C['operations'][Name]>,
    options?: CallOptions,
  ) => Promise<OutputOf<C['operations'][Name]>>;
};

/**
 * A client for every operation of a contract. Validates input before it is sent and answers before they are returned: a 200 that
 * breaks the contract is an error. A failed call rejects with a `CallError`. Anything else that it rejects with is a bug.
 *
 * This is a bare call unless you pass a policy. `createDownstream` makes a client with the standard policy.
 * @param policy wraps each operation once, at start. Default: a bare call
 * @param clock the clock of `deadlineAt`. Default: the process's clock
 * @example
 *   const greeter = createClient(greeterContract, httpTransport('http://127.0.0.1:5000'), policy);
 *   const { message } = await greeter.hello({ name: 'John' }, { signal });
 */
export function createClient<C extends Contract>(
  contract: C,
  transport: Transport,
  policy: Policy = none,
  clock: Clock = systemClock,
): Client<C> {
  const methods = Object.entries(contract.operations).map(([name, operation]) => [
    name,
    createMethod(operation, transport, policy, clock),
  ]);
  return Object.fromEntries(methods) as Client<C>;
}

function createMethod(operation: Operation, transport: Transport, policy: Policy, clock: Clock) {
  const attempt: Call<unknown> = async (context) => {
    const target = operation.path + formatQuery(context.input as Parameters<typeof formatQuery>[0]);
    const response = await transport.send({ method: operation.method, target }, context);
    const { status, fault } = response;
    context.watch?.({ type: 'answered', attempt: context.attempt, status, fault });
    const result = readResponse(operation, response, context.deadlineAt - clock.now());
    context.notes.cacheControl = response.cacheControl ?? '';
    context.notes.ageMs = response.ageMs ?? 0;
    return result;
  };
  const call = policy(watched(attempt));

  return async (
    given: unknown,
    { signal, deadlineAt, headers, onStale, watch }: CallOptions = {},
  ): Promise<unknown> => {
    const parsed = operation.query.safeParse(given);
    if (!parsed.success) {
      const mistakes = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ');
      throw new CallError('bad_request', `${operation.name}: ${mistakes}`);
    }
    const { name, safety } = operation;
    const input = parsed.data;
    const context = callContext({
      name,
      safety,
      input,
      signal,
      deadlineAt,
      headers,
      watch,
      mayBeStale: onStale !== undefined,
    });
    const { notes } = context;
    const result = await call(context);
    if (notes.staleMs !== undefined) onStale?.(notes.staleMs, notes.staleBecause ?? 'internal');
    return result;
  };
}

/** Tells whoever watches a call when its attempts begin and end. */
function watched<T>(attempt: Call<T>): Call<T> {
  const told = async (context: CallContext, watch: CallWatcher): Promise<T> => {
    const { attempt: number, endpoint } = context;
    watch({ type: 'attempt_started', attempt: number, endpoint: endpoint?.origin ?? '' });
    try {
      const value = await attempt(context);
      watch({ type: 'attempt_ended', attempt: number, error: undefined });
      return value;
    } catch (error) {
      watch({ type: 'attempt_ended', attempt: number, error: isCallError(error) ? error.code : 'internal' });
      throw error;
    }
  };
  return (context) => (context.watch === undefined ? attempt(context) : told(context, context.watch));
}
