import { compose, type Policy } from '@halfopen/resilience';

/** The policies of one downstream, ready to be composed. A policy that is switched off is `none`. */
export interface DownstreamPolicies {
  /** Observers of the logical call. Outermost, so that they see what the caller sees. */
  readonly observeCall: Policy;
  readonly staleIfError: Policy;
  readonly deadline: Policy;
  readonly coalesce: Policy;
  readonly bulkhead: Policy;
  /** Retries, paid from the retry budget. */
  readonly retry: Policy;
  /** Holds the first calls until the names of the downstream have been looked up. */
  readonly discovery: Policy;
  /**
   * Begins another attempt beside one that takes longer than usual (hedge) or than the attempt timeout (patience). Before that, refuses
   * an attempt that has too little time left to be answered (deadline admission).
   */
  readonly hedge: Policy;
  /** Chooses the endpoint of an attempt and asks the breaker of that endpoint. */
  readonly balancer: Policy;
  /** `none` where `patience` is on. */
  readonly attemptTimeout: Policy;
  /** Observers of each attempt, the bulkhead's among them. Innermost, so that they see what the wire sees. */
  readonly observeAttempt: Policy;
}

/** The standard order of policies. Each place is explained in docs/decisions/0002-order-of-policies.md. */
export function standardOrder(policies: DownstreamPolicies): Policy {
  return compose(
    policies.observeCall,
    policies.staleIfError,
    policies.deadline,
    policies.coalesce,
    policies.bulkhead,
    policies.retry,
    policies.discovery,
    policies.hedge,
    policies.balancer,
    policies.attemptTimeout,
    policies.observeAttempt,
  );
}

/** The order of the policy `none`: a bare call, still observed, to one of the endpoints. */
export function bareOrder(policies: DownstreamPolicies): Policy {
  return compose(policies.observeCall, policies.discovery, policies.balancer, policies.observeAttempt);
}
