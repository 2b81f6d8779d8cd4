import { type Contract, formatQuery, type InputOf, type Operation, type OutputOf } from '@halfopen/contracts';
import {
  type Call,
  type CallContext,
  CallError,
  type CallErrorCode,
  type CallNotes,
  type CallWatcher,
  type Clock,
  isCallError,
  none,
  type Policy,
  systemClock,
} from '@halfopen/resilience';
import { readResponse } from './read-response.ts';
import type { Transport } from './transport.ts';

export interface CallOptions {
  /** Aborts the call and everything it caused, down to the socket. */
  readonly signal?: AbortSignal;
  /** When the caller stops waiting, in `performance.now()` milliseconds. Policies may allow less, never more. */
  readonly deadlineAt?: number;
  /** Told when the answer is an old one that stands in for a failure: its age in milliseconds, and the failure. Without it, none does. */
  readonly onStale?: (ageMs: number, because: CallErrorCode) => void;
  /** Go along with every attempt: request id, trace context. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Told what happens to the call. */
  readonly watch?: CallWatcher | undefined;
}

/** One typed method per operation of the contract. */
export type Client<C extends Contract> = {
  readonly [Name in keyof C['operations']]: (
    input: InputOf<C['operations'][Name]>,
    options?: CallOptions,
  ) => Promise<OutputOf<C['operations'][Name]>>;
};

/**
 * A client for everything the contract offers. Input is validated before anything is sent, answers before anything is
 * returned: a 200 that is not the contract is an error. A failed call rejects with a `CallError`; anything else is a bug.
 * @param policy wraps each operation once, at start; default: a bare call
 * @param clock the one that `deadlineAt` is read on; default: the process's
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
    input: unknown,
    { signal, deadlineAt, headers, onStale, watch }: CallOptions = {},
  ): Promise<unknown> => {
    const parsed = operation.query.safeParse(input);
    if (!parsed.success) {
      const mistakes = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ');
      throw new CallError('bad_request', `${operation.name}: ${mistakes}`);
    }
    const notes: CallNotes = {
      attempts: 1,
      mayBeStale: onStale !== undefined,
      cacheControl: undefined,
      staleMs: undefined,
      staleBecause: undefined,
    };
    const result = await call({
      operation,
      input: parsed.data,
      signal: signal ?? new AbortController().signal,
      deadlineAt: deadlineAt ?? Number.POSITIVE_INFINITY,
      attempt: 1,
      tried: new Set(),
      notes,
      endpoint: undefined,
      headers: headers ?? {},
      watch,
    });
    if (notes.staleMs !== undefined) onStale?.(notes.staleMs, notes.staleBecause ?? 'internal');
    return result;
  };
}

/** Tells who watches a call when its attempts begin and end. */
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
