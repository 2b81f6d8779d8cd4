import {
  type Call,
  type CallContext,
  type CallErrorCode,
  type CallWatcher,
  isCallError,
  type Policy,
} from '@halfopen/resilience';

/** Outermost: tells whoever watches a call when it begins, how it ends, and what it left of the retry budget. */
export function announce(downstream: string, budget: { readonly remaining: number }): Policy {
  const told = async <T>(next: Call<T>, context: CallContext, watch: CallWatcher): Promise<T> => {
    const { operation, notes } = context;
    watch({ type: 'call_started', downstream, operation: operation.name, retryBudgetRemaining: budget.remaining });
    let error: CallErrorCode | undefined;
    try {
      return await next(context);
    } catch (failure) {
      error = isCallError(failure) ? failure.code : 'internal';
      throw failure;
    } finally {
      const { staleBecause } = notes;
      watch({ type: 'call_ended', downstream, error, staleBecause, retryBudgetRemaining: budget.remaining });
    }
  };
  return (next) => (context) => (context.watch === undefined ? next(context) : told(next, context, context.watch));
}
