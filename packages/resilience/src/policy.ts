import type { CallContext } from './call-context.ts';

export type Call<T> = (context: CallContext) => Promise<T>;

/**
 * Wraps a call in a rule. Three lifetimes meet here. Options live as long as the configuration. What the factory closes over
 * (breaker, budget) lives as long as the downstream. What the inner function closes over lives as long as one call.
 */
export type Policy = <T>(next: Call<T>) => Call<T>;

/** Combines policies into one, the first outermost: `compose(a, b)(call)` is `a(b(call))`. */
export function compose(...policies: readonly Policy[]): Policy {
  return (next) => policies.reduceRight((inner, policy) => policy(inner), next);
}

/** No policy: a bare call. The naive stack that people start with, and the control of every experiment. */
export const none: Policy = (next) => next;
