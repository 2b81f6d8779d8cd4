import type { Contract } from '@halfopen/contracts';
import {
  attemptLimits,
  attemptTimeout,
  type BreakerState,
  coalesce,
  compose,
  createAdaptiveBudget,
  createBalancer,
  createBreaker,
  createBulkhead,
  createDeadlineAdmission,
  createRetryBudget,
  deadline,
  type Endpoint,
  hedge,
  none,
  type PolicyListener,
  patience,
  retry,
  staleIfError,
} from '@halfopen/resilience';
import { announce } from './announce.ts';
import { type Client, createClient } from './create-client.ts';
import { discover } from './discovery.ts';
import { type DownstreamOptions, resolveOptions } from './downstream-options.ts';
import { bareOrder } from './downstream-order.ts';

/** Of the deadline, how long a call may wait for an endpoint to come back. Enough must be left for the answer. */
const RECOVERY_SHARE = 0.5;
/** Of the places, how many may be taken up by calls that wait for an endpoint to come back. The others are for those that still answer. */
const WAITING_SHARE = 0.5;

/** What is known of a downstream right now. */
export interface DownstreamStatus {
  readonly policy: 'standard' | 'none';
  /** The best state of any endpoint's breaker. `open` means that no endpoint is asked. */
  readonly breaker: BreakerState;
  readonly retryBudgetRemaining: number;
  readonly retryBudgetCapacity: number;
  /** Retries that each success earns now. Missing unless `adaptiveRetries` is on. */
  readonly retryRatio: number | undefined;
  readonly inFlight: number;
  readonly maxInFlight: number;
  /** Calls that may be in flight now. Missing unless `adaptiveLimit` is on. */
  readonly limit: number | undefined;
  readonly queued: number;
  readonly maxQueued: number;
  /** Calls that wait for an endpoint to come back. Missing unless `waitForReady` is on. */
  readonly waiting: number | undefined;
  readonly endpoints: readonly {
    readonly url: string;
    readonly breaker: BreakerState;
    /** Milliseconds until an open breaker admits a call. */
    readonly breakerRetryAfterMs: number;
    /** Milliseconds for which the endpoint is still ejected, because it failed far more than the others. */
    readonly ejectedForMs: number;
    readonly inFlight: number;
    /** Attempts that have taken too long, and count as failures until they are answered. Missing unless `patience` is on. */
    readonly late: number | undefined;
  }[];
}

export interface Downstream<C extends Contract> {
  /** One typed method for each operation of the contract. */
  readonly client: Client<C>;
  readonly status: () => DownstreamStatus;
  /** Closes every connection, once the requests on them have ended. */
  readonly close: () => Promise<void>;
}

/**
 * A service that yours calls: a typed client with the standard policy, and everything that it needs. That is a transport with kept
 * connections, discovery, a balancer, a breaker for each endpoint, a retry budget and a bulkhead. Create one for each downstream and
 * process: breakers, budget and bulkhead only work if all calls share them.
 * @param origins where the downstream is: scheme, host and port, one or several. A name stands for all its addresses
 * @throws RangeError for an origin or option that is out of range, or two options that contradict each other
 * @example
 *   const greeter = createDownstream(greeterContract, 'http://127.0.0.1:5000', { attemptTimeoutMs: 300 });
 *   const { message } = await greeter.client.hello({ name: 'John' });
 *   await greeter.close();
 */
export function createDownstream<C extends Contract>(
  contract: C,
  origins: string | readonly string[],
  options: DownstreamOptions = {},
): Downstream<C> {
  const known = resolveOptions(options);
  const { clock, random, observers } = known;
  const urls = [...new Set([origins].flat().map(checkOrigin))];
  const [first] = urls;
  if (first === undefined) throw new RangeError('origins is empty, but must name at least one');
  const isBare = known.policy === 'none';
  const limits = attemptLimits(known.attemptTimeoutMs, known.breakerSlowShare);

  const tellOf = (endpoint: Endpoint | undefined): PolicyListener => {
    return (event) => {
      if (event.type === 'late') adaptive?.slow();
      for (const observer of observers) observer.onEvent?.(event);
      known.onEvent(event, endpoint);
    };
  };
  const onEvent = tellOf(undefined);

  const transport = known.transport(first, {
    maxConnections: isBare ? Number.POSITIVE_INFINITY : known.maxInFlight,
    connectTimeoutMs: limits.connectTimeoutMs,
    userAgent: known.userAgent,
    onDisconnect: () => discovery.refresh(),
    clock,
  });
  const budgetOptions = { ratio: known.retryRatio, capacity: known.retryBudget };
  const adaptive =
    known.adaptiveRetries && !isBare
      ? createAdaptiveBudget({ ...budgetOptions, slowMs: limits.slowCallMs, clock, onEvent })
      : undefined;
  const budget = adaptive ?? createRetryBudget(budgetOptions);
  const { maxInFlight, maxQueued, adaptiveLimit, countAbandoned, attemptTimeoutMs } = known;
  const bulkhead = createBulkhead({
    maxInFlight,
    maxQueued,
    adaptiveLimit,
    countAbandoned,
    attemptTimeoutMs,
    clock,
    onEvent,
  });
  const admission = known.deadlineAdmission ? createDeadlineAdmission({ attemptTimeoutMs, clock, onEvent }) : undefined;
  const balancer = createBalancer({
    guard: (endpoint, onChange) => {
      const breaker = createBreaker({
        windowMs: known.breakerWindowMs,
        minimumCalls: known.breakerMinimumCalls,
        failureRate: known.breakerFailureRate,
        attemptTimeoutMs: known.attemptTimeoutMs,
        slowShare: known.breakerSlowShare,
        patientForMs: known.patience ? known.deadlineMs : undefined,
        noticesOutages: known.waitForReady,
        onChange,
        openMs: known.breakerOpenMs,
        maxOpenMs: known.breakerMaxOpenMs,
        clock,
        random,
        onEvent: tellOf(endpoint),
      });
      return {
        breaker,
        policy: isBare ? none : breaker.policy,
        get admits() {
          return breaker.admits;
        },
        get recent() {
          return breaker.recent;
        },
        get retryAfterMs() {
          return breaker.retryAfterMs;
        },
        get openings() {
          return breaker.openings;
        },
        forget: () => breaker.forget(),
        close: () => {
          breaker.close();
          transport.forget(endpoint);
        },
      };
    },
    recovery:
      known.waitForReady && !isBare
        ? { mostMs: known.deadlineMs * RECOVERY_SHARE, maxWaiting: Math.ceil(maxInFlight * WAITING_SHARE) }
        : undefined,
    minimumOutcomes: known.breakerMinimumCalls,
    onEvent,
    clock,
    random,
  });
  const discovery = discover({ origins: urls, onChange: (endpoints) => balancer.update(endpoints) });

  const policy = (isBare ? bareOrder : known.order)({
    observeCall: compose(announce(contract.name, budget), ...observers.map(({ call }) => call)),
    staleIfError: known.staleIfError ? staleIfError({ clock }) : none,
    deadline: deadline({ timeoutMs: known.deadlineMs, clock }),
    coalesce: known.coalesce ? coalesce({ timeoutMs: known.deadlineMs, clock }) : none,
    bulkhead: bulkhead.policy,
    retry: retry({
      attempts: known.attempts,
      baseMs: known.backoffBaseMs,
      capMs: known.backoffCapMs,
      budget,
      leastMs: admission?.leastMs,
      clock,
      random,
      onEvent,
    }),
    discovery: discovery.policy,
    hedge: compose(
      admission?.policy ?? none,
      known.patience
        ? patience({
            afterMs: known.attemptTimeoutMs,
            budget,
            elsewhere: ({ tried }) => balancer.admitsBeside(tried),
            clock,
            onEvent,
          })
        : none,
      known.hedge ? hedge({ budget, clock, onEvent }) : none,
    ),
    balancer: balancer.policy,
    attemptTimeout: known.patience ? none : attemptTimeout({ timeoutMs: known.attemptTimeoutMs, clock }),
    observeAttempt: compose(bulkhead.attempts, adaptive?.watch ?? none, ...observers.map(({ attempt }) => attempt)),
  });

  const endpoints = () =>
    balancer.endpoints.map(({ endpoint, guard: { breaker }, inFlight, ejectedUntil }) => ({
      url: endpoint.origin,
      breaker: breaker.state,
      breakerRetryAfterMs: Math.round(breaker.retryAfterMs),
      ejectedForMs: Math.max(0, Math.round(ejectedUntil - clock.now())),
      inFlight,
      late: known.patience ? breaker.late : undefined,
    }));
  const inFlightNow = () =>
    isBare ? balancer.endpoints.reduce((sum, { inFlight }) => sum + inFlight, 0) : bulkhead.inFlight;
  for (const observer of observers) {
    observer.watch?.({
      inFlight: inFlightNow,
      ...(isBare ? {} : { limit: () => bulkhead.limit }),
      retryBudgetRemaining: () => budget.remaining,
      retryRatio: () => adaptive?.ratio ?? known.retryRatio,
      breakers: () => endpoints().map(({ url, breaker }) => ({ endpoint: url, state: breaker })),
    });
  }

  return {
    client: createClient(contract, transport, policy, clock),
    status: () => {
      const now = endpoints();
      return {
        policy: known.policy,
        breaker: bestOf(now.map(({ breaker }) => breaker)),
        retryBudgetRemaining: budget.remaining,
        retryBudgetCapacity: budget.capacity,
        retryRatio: adaptive?.ratio,
        inFlight: inFlightNow(),
        maxInFlight,
        limit: adaptiveLimit && !isBare ? bulkhead.limit : undefined,
        queued: bulkhead.queued,
        maxQueued,
        waiting: known.waitForReady ? balancer.waiting : undefined,
        endpoints: now,
      };
    },
    close: async () => {
      discovery.close();
      balancer.update([]);
      await transport.close();
    },
  };
}

/** @throws RangeError what is no origin. Does not quote a value that may hold a password. */
function checkOrigin(text: string): string {
  const url = URL.parse(text);
  const isOrigin =
    url !== null && /^https?:$/.test(url.protocol) && `${url.origin}/` === url.href && url.origin !== 'null';
  if (isOrigin) return url.origin;
  const shown = /@/.test(text) ? 'a value with an @' : JSON.stringify(text);
  throw new RangeError(`origins has ${shown}, but must be scheme, host and port, such as http://127.0.0.1:5000`);
}

function bestOf(states: readonly BreakerState[]): BreakerState {
  return (['closed', 'half_open', 'open'] as const).find((state) => states.includes(state)) ?? 'closed';
}
