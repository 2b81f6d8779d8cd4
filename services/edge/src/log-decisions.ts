import type { DownstreamListener } from '@halfopen/client';
import type { Logger } from '@halfopen/service-kit';

/** Logs what the policies of one downstream decide, as far as an operator wants to read it. */
export function logDecisions(log: Logger, downstream: string): DownstreamListener {
  let budgetIsSpent = false;
  return (event, endpoint) => {
    // Logs the change of state and not each refusal. Refusals are counted.
    if (event.type === 'retry') budgetIsSpent = false;
    if (event.type === 'rejected' && event.code === 'budget_exhausted' && !budgetIsSpent) {
      budgetIsSpent = true;
      log.warn({ downstream }, 'retry budget is spent: calls are not tried again');
    }
    if (event.type === 'retry_ratio') {
      const { ratio, because } = event;
      log.info({ downstream, ratio, because }, 'retry ratio changed');
    }
    if (event.type === 'breaker_transition') {
      const { from, to } = event;
      log.warn({ downstream, endpoint: endpoint?.origin ?? '', from, to }, 'breaker changed state');
    } else if (event.type === 'ejection') {
      const { endpoint: origin, forMs, outcomes, failures } = event;
      log.warn(
        { downstream, endpoint: origin, forMs, outcomes, failures },
        'endpoint left out: it fails far more than the others',
      );
    }
  };
}
