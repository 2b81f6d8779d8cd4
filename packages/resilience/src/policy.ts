import type { Endpoint } from './balancer.ts';
import type { CallErrorCode } from './call-error.ts';
import type { CallWatcher } from './events.ts';

/**
 * How safe it is to repeat an operation (RFC 9110 §9.2). The contract declares it, the policies obey.
 * `safe`: changes nothing. `idempotent`: twice is as good as once. `unsafe`: neither.
 */
export type Safety = 'safe' | 'idempotent' | 'unsafe';

/** What every policy may know of one logical call. Policies hand a changed copy to what is below; only `tried` and `notes` are shared by all of a call. */
export interface CallContext {
  readonly operation: { readonly name: string; readonly safety: Safety };
  /** The validated input of the call, as the contract types it. */
  readonly input: unknown;
  /** Aborted when nobody waits any longer. Everything below must then end, down to the socket. */
  readonly signal: AbortSignal;
  /** When the call must have ended, on the policies' `Clock`. `Infinity` where no one has said so yet. */
  readonly deadlineAt: number;
  /** 1 for the first attempt of the call. No two attempts of a call have the same number. */
  readonly attempt: number;
  /** Origins of the endpoints that attempts of this call have gone to; a retry goes elsewhere if it can. Filled by the balancer. */
  readonly tried: Set<string>;
  /** What became known on the way: written below, read above. */
  readonly notes: CallNotes;
  /** Where this attempt goes; chosen by the balancer. */
  readonly endpoint: Endpoint | undefined;
  /** Headers that go along with every attempt: request id, trace context. */
  readonly headers: Readonly<Record<string, string>>;
  /** Told what happens to this call. `undefined` where nobody watches: then nothing is done for it. */
  readonly watch: CallWatcher | undefined;
}

export interface CallNotes {
  /** Attempts so far, the one on its way included: 1 as the call begins. Whoever begins another one counts it here and gives it that number. */
  attempts: number;
  /** Whether the caller can tell its own caller that an answer is an old one. Who cannot gets none. */
  readonly mayBeStale: boolean;
  /** The Cache-Control of the answer. */
  cacheControl: string | undefined;
  /** How old the answer was, in milliseconds, when it came: a cache may have given it. */
  ageMs?: number | undefined;
  /** How old the answer is, in milliseconds, when it stands in for a failure. */
  staleMs: number | undefined;
  /** The failure it stands in for. */
  staleBecause: CallErrorCode | undefined;
}

export type Call<T> = (context: CallContext) => Promise<T>;

/**
 * Wraps a call in a rule. Three lifetimes: the options live as long as the configuration, what the factory closes over
 * lives as long as the downstream (breaker, budget), what the inner function closes over lives as long as one call.
 */
export type Policy = <T>(next: Call<T>) => Call<T>;

/** Policies as one, the first outermost: `compose(a, b)(call)` is `a(b(call))`. */
export function compose(...policies: readonly Policy[]): Policy {
  return (next) => policies.reduceRight((inner, policy) => policy(inner), next);
}

/** The naive stack people start with: a bare call. The control of every experiment. */
export const none: Policy = (next) => next;
