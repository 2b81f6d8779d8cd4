import type { CallErrorCode } from './call-error.ts';
import type { Endpoint } from './endpoint.ts';
import type { CallWatcher } from './events.ts';
import { NEVER_ABORTED } from './never-aborted.ts';

/**
 * How safe it is to repeat an operation (RFC 9110 §9.2). The contract declares it and the policies obey.
 * `safe`: changes nothing. `idempotent`: doing it twice has the same effect as doing it once. `unsafe`: neither.
 */
export type Safety = 'safe' | 'idempotent' | 'unsafe';

/**
 * What policies know about one logical call. A policy passes a modified copy to the policy below. Only `tried` and `notes`
 * are shared by the whole call.
 */
export interface CallContext {
  readonly operation: { readonly name: string; readonly safety: Safety };
  /** The validated input of the call, as the contract types it. */
  readonly input: unknown;
  /** Aborted when nobody waits for the call any longer. Everything below must then stop, down to the socket. */
  readonly signal: AbortSignal;
  /** When the call must have ended, on the policies' `Clock`. `Infinity` until a deadline is known. */
  readonly deadlineAt: number;
  /** When the call began, on the policies' `Clock`. Set by `deadline`. */
  readonly startedAt?: number | undefined;
  /** Number of this attempt, from 1. No two attempts of a call share a number. */
  readonly attempt: number;
  /** Origins that attempts of this call have already gone to, so that a retry can go elsewhere. The balancer fills it. */
  readonly tried: Set<string>;
  /** What attempts report upwards. Policies below write it, policies above read it. */
  readonly notes: CallNotes;
  /** Where this attempt goes. The balancer chooses it. */
  readonly endpoint: Endpoint | undefined;
  /** Headers sent with every attempt: request id, trace context. */
  readonly headers: Readonly<Record<string, string>>;
  /** Called with every event of this call. `undefined` when nobody watches, which then costs nothing. */
  readonly watch: CallWatcher | undefined;
}

/** Mutable state of one logical call. */
export interface CallNotes {
  /** Attempts begun so far, 1 when the call begins. Whoever begins another attempt increments it and uses the new number. */
  attempts: number;
  /** The most that `attempts` may reach. `retry` sets it. Default: no limit. */
  attemptsAllowed?: number | undefined;
  /** Whether the caller can mark an answer as stale. If not, no stale answer is served. */
  readonly mayBeStale: boolean;
  /** Cache-Control of the answer. */
  cacheControl: string | undefined;
  /** Age of the answer on arrival, in milliseconds. Above 0 when a cache on the way served it. */
  ageMs?: number | undefined;
  /** Number of an attempt whose success came after its time limit, because this process was stalled. */
  stalledAttempt?: number | undefined;
  /** Age in milliseconds of a stale answer that replaces a failure. */
  staleMs: number | undefined;
  /** The failure that the stale answer replaces. */
  staleBecause: CallErrorCode | undefined;
}

export interface CallContextOptions {
  /** Name of the operation, for events and cache keys. Default `call`. */
  readonly name?: string;
  /** Whether the operation may be repeated. Default `unsafe`: retried only when it was certainly never sent. */
  readonly safety?: Safety;
  /** What identical calls share: part of the key of `coalesce` and `staleIfError`. Default none. */
  readonly input?: unknown;
  /** Aborts the call. Default: never. */
  readonly signal?: AbortSignal | undefined;
  /** When the caller stops waiting, on the policies' `Clock`. Default `Infinity`. */
  readonly deadlineAt?: number | undefined;
  /** Headers for every attempt. Default none. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Called with every event of this call. Default: nobody watches. */
  readonly watch?: CallWatcher | undefined;
  /** Whether the caller can mark an answer as stale. Default false. */
  readonly mayBeStale?: boolean;
}

/**
 * The context of a new call. The typed client makes one for each call. Use it to run a policy around a function of your own.
 * @example
 *   const read = retry({ attempts: 3 })(({ signal }) => readFile(path, { signal }));
 *   await read(callContext({ safety: 'safe' }));
 */
export function callContext(options: CallContextOptions = {}): CallContext {
  return {
    operation: { name: options.name ?? 'call', safety: options.safety ?? 'unsafe' },
    input: options.input,
    signal: options.signal ?? NEVER_ABORTED,
    deadlineAt: options.deadlineAt ?? Number.POSITIVE_INFINITY,
    attempt: 1,
    tried: new Set(),
    notes: {
      attempts: 1,
      mayBeStale: options.mayBeStale ?? false,
      cacheControl: undefined,
      staleMs: undefined,
      staleBecause: undefined,
    },
    endpoint: undefined,
    headers: options.headers ?? {},
    watch: options.watch,
  };
}
