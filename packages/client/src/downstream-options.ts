import {
  type Clock,
  checkCap,
  checkCount,
  checkMs,
  checkShare,
  DEFAULTS,
  type Endpoint,
  LEAST_USEFUL_MS,
  type Policy,
  type PolicyEvent,
  type Random,
  systemClock,
} from '@halfopen/resilience';
import { type DownstreamPolicies, standardOrder } from './downstream-order.ts';
import { httpTransport } from './http-transport.ts';
import type { CallObserver } from './observer.ts';

/**
 * Called with what the policies of one downstream decide.
 * @param endpoint the endpoint that it concerns, if it concerns one
 */
export type DownstreamListener = (event: PolicyEvent, endpoint: Endpoint | undefined) => void;

/**
 * The policies of one downstream. Every option has a default, and together the defaults are the standard policy. Durations are in
 * milliseconds. A cap that you lower also lowers the defaults below it.
 */
export interface DownstreamOptions {
  /** `standard`: all policies. `none`: a bare call, as the control of an experiment. Default `standard`. */
  readonly policy?: 'standard' | 'none';
  /** The most that a logical call may take, with all its attempts. A caller may ask for less. Default 2,000. */
  readonly deadlineMs?: number;
  /** Attempts of a call, the first included. Default 3. */
  readonly attempts?: number;
  /** The most that one attempt may take. At most `deadlineMs`. Default 500. */
  readonly attemptTimeoutMs?: number;
  /**
   * Whether an attempt that outlives `attemptTimeoutMs` goes on until the deadline. Another attempt then begins beside it, where that can
   * help and the retry budget pays, and the breakers count it as a failure only until it is answered. Default false.
   */
  readonly patience?: boolean;
  /** Upper bound of the first back-off. Doubles with each retry. At most `backoffCapMs`. Default 50. */
  readonly backoffBaseMs?: number;
  /** Upper bound of every back-off. Default 1,000. */
  readonly backoffCapMs?: number;
  /** Retries that the budget can hold. 0 means no retries. Default 20. */
  readonly retryBudget?: number;
  /** Retries that each success earns, 0 to 1. Default 0.1. */
  readonly retryRatio?: number;
  /** Whether each success earns a whole retry while retries pay, and `retryRatio` otherwise. Default false. */
  readonly adaptiveRetries?: boolean;
  /** Whether a stale answer may replace a failure, as far as its `stale-if-error` allows. Default false. */
  readonly staleIfError?: boolean;
  /** Whether identical safe calls in flight share one. Default false. */
  readonly coalesce?: boolean;
  /** Whether a safe call that takes longer than usual gets a second attempt, paid from the retry budget. Default false. */
  readonly hedge?: boolean;
  /**
   * Whether a breaker opens at a run of failures that is no chance, and a call that no endpoint admits waits for the first one that
   * comes back: for half of the deadline at most, and shorter once the outage is long. Half of the places may wait. Default false.
   */
  readonly waitForReady?: boolean;
  /** Calls in flight at once, at least 1. Default 128. */
  readonly maxInFlight?: number;
  /** Calls that may wait for a place. One more is refused. Default 64. */
  readonly maxQueued?: number;
  /**
   * Whether the limit on calls in flight follows what the downstream can do, with `maxInFlight` as the most. Use it together with
   * `deadlineAdmission`. Default false.
   */
  readonly adaptiveLimit?: boolean;
  /** Whether an attempt that was aborted takes a place for half an attempt timeout more. Default false. */
  readonly countAbandoned?: boolean;
  /** Whether an attempt begins only if enough time is left for such attempts to be answered. Default false. */
  readonly deadlineAdmission?: boolean;
  /** Rolling window in which a breaker counts failures, at least 100. Default 10,000. */
  readonly breakerWindowMs?: number;
  /** Outcomes in the window before a breaker may open. Default 20. */
  readonly breakerMinimumCalls?: number;
  /** A breaker opens above this share of failures. From 0 to below 1. Default 0.5. */
  readonly breakerFailureRate?: number;
  /** A success that took this share of the attempt timeout counts as a failure. Above 0, at most 1. Default 0.95. */
  readonly breakerSlowShare?: number;
  /** How long a breaker stays open the first time. Doubles while probes fail. At most `breakerMaxOpenMs`. Default 250. */
  readonly breakerOpenMs?: number;
  /** The longest that a breaker stays open. Default 1,000. */
  readonly breakerMaxOpenMs?: number;
  /** Sent as `user-agent`, to tell the callers of a service apart. Default `halfopen`. */
  readonly userAgent?: string;
  /** Metrics and traces, the outermost first. See `@halfopen/client/observe`. Default none. */
  readonly observers?: readonly CallObserver[];
  /** Called with what the policies decide, for logs. Default: nobody. */
  readonly onEvent?: DownstreamListener;
  /** Composes the policies. Default `standardOrder`. Not used where `policy` is `none`. */
  readonly order?: (policies: DownstreamPolicies) => Policy;
  /** Makes what carries the attempts. Default: HTTP over undici (`httpTransport`). */
  readonly transport?: typeof httpTransport;
  /** Default: the process's clock. */
  readonly clock?: Clock;
  /** Default `Math.random`. */
  readonly random?: Random;
}

/**
 * Fills in defaults and checks every option.
 * @throws RangeError naming the option, its value and what is allowed; or both of two options that contradict each other
 */
export function resolveOptions(options: DownstreamOptions): Required<DownstreamOptions> {
  const {
    deadlineMs = DEFAULTS.deadlineMs,
    backoffCapMs = DEFAULTS.backoffCapMs,
    breakerMaxOpenMs = DEFAULTS.breakerMaxOpenMs,
  } = options;
  const resolved: Required<DownstreamOptions> = {
    policy: 'standard',
    attempts: DEFAULTS.attempts,
    attemptTimeoutMs: Math.min(DEFAULTS.attemptTimeoutMs, deadlineMs),
    patience: false,
    backoffBaseMs: Math.min(DEFAULTS.backoffBaseMs, backoffCapMs),
    retryBudget: DEFAULTS.retryBudget,
    retryRatio: DEFAULTS.retryRatio,
    adaptiveRetries: false,
    staleIfError: false,
    coalesce: false,
    hedge: false,
    waitForReady: false,
    maxInFlight: DEFAULTS.maxInFlight,
    maxQueued: DEFAULTS.maxQueued,
    adaptiveLimit: false,
    countAbandoned: false,
    deadlineAdmission: false,
    breakerWindowMs: DEFAULTS.breakerWindowMs,
    breakerMinimumCalls: DEFAULTS.breakerMinimumCalls,
    breakerFailureRate: DEFAULTS.breakerFailureRate,
    breakerSlowShare: DEFAULTS.breakerSlowShare,
    breakerOpenMs: Math.min(DEFAULTS.breakerOpenMs, breakerMaxOpenMs),
    userAgent: 'halfopen',
    observers: [],
    onEvent: () => undefined,
    order: standardOrder,
    transport: httpTransport,
    clock: systemClock,
    random: Math.random,
    ...withoutUndefined(options),
    deadlineMs,
    backoffCapMs,
    breakerMaxOpenMs,
  };
  check(resolved);
  return resolved;
}

function check(options: Required<DownstreamOptions>): void {
  for (const name of Object.keys(options)) {
    if (!OPTION_NAMES.has(name))
      throw new RangeError(`${name} is not an option; there are ${[...OPTION_NAMES].join(', ')}`);
  }
  if (options.policy !== 'standard' && options.policy !== 'none') {
    throw new RangeError(`policy is ${String(options.policy)}, but must be standard or none`);
  }
  checkMs('deadlineMs', options.deadlineMs, { min: LEAST_USEFUL_MS });
  checkCount('attempts', options.attempts, { min: 1 });
  checkMs('attemptTimeoutMs', options.attemptTimeoutMs, { min: 1 });
  checkMs('backoffCapMs', options.backoffCapMs);
  checkMs('backoffBaseMs', options.backoffBaseMs);
  checkCount('retryBudget', options.retryBudget);
  checkShare('retryRatio', options.retryRatio);
  checkCount('maxInFlight', options.maxInFlight, { min: 1 });
  checkCount('maxQueued', options.maxQueued);
  checkMs('breakerWindowMs', options.breakerWindowMs, { min: 100 });
  checkCount('breakerMinimumCalls', options.breakerMinimumCalls, { min: 1 });
  checkShare('breakerFailureRate', options.breakerFailureRate, [1]);
  checkShare('breakerSlowShare', options.breakerSlowShare, [0]);
  checkMs('breakerMaxOpenMs', options.breakerMaxOpenMs, { min: 1 });
  checkMs('breakerOpenMs', options.breakerOpenMs, { min: 1 });
  // An attempt that may outlive its call would never time out: no second attempt, and no failure for the breaker.
  checkCap('attemptTimeoutMs', options.attemptTimeoutMs, 'deadlineMs', options.deadlineMs);
  checkCap('backoffBaseMs', options.backoffBaseMs, 'backoffCapMs', options.backoffCapMs);
  checkCap('breakerOpenMs', options.breakerOpenMs, 'breakerMaxOpenMs', options.breakerMaxOpenMs);
  if (options.hedge && options.retryBudget === 0) {
    throw new RangeError('hedge is true, but retryBudget is 0: second attempts are paid from the retry budget');
  }
}

/** Written out, so that a misspelt option of a caller without types is an error and not a default. */
const OPTION_NAMES: ReadonlySet<string> = new Set<keyof DownstreamOptions>([
  'policy',
  'deadlineMs',
  'attempts',
  'attemptTimeoutMs',
  'patience',
  'backoffBaseMs',
  'backoffCapMs',
  'retryBudget',
  'retryRatio',
  'adaptiveRetries',
  'staleIfError',
  'coalesce',
  'hedge',
  'waitForReady',
  'maxInFlight',
  'maxQueued',
  'adaptiveLimit',
  'countAbandoned',
  'deadlineAdmission',
  'breakerWindowMs',
  'breakerMinimumCalls',
  'breakerFailureRate',
  'breakerSlowShare',
  'breakerOpenMs',
  'breakerMaxOpenMs',
  'userAgent',
  'observers',
  'onEvent',
  'order',
  'transport',
  'clock',
  'random',
]);

/** An option that is given as `undefined` is an option that is not given. */
function withoutUndefined(options: DownstreamOptions): DownstreamOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
