import {
  announce,
  attemptTimeout,
  type BreakerState,
  type CallContext,
  type Client,
  type Clock,
  callMetrics,
  callTraces,
  coalesce,
  compose,
  createBalancer,
  createBreaker,
  createBulkhead,
  createClient,
  createRetryBudget,
  DEFAULTS,
  deadline,
  discover,
  hedge,
  httpTransport,
  none,
  type Policy,
  type PolicyListener,
  type Random,
  retry,
  staleIfError,
} from '@halfopen/client';
import { type Contract, HEADERS } from '@halfopen/contracts';
import { greeterContract } from '@halfopen/greetings';
import type { Logger } from '@halfopen/service-kit';
import type { Tracer } from '@opentelemetry/api';
import type { Registry } from 'prom-client';
import type { Config, DownstreamConfig } from './config.ts';

/** The services that the edge calls. A new one is a line here; its settings (`<NAME>_URL`, `<NAME>_CALL_*`) follow from it. */
export const DOWNSTREAMS = {
  greeter: { contract: greeterContract, url: 'http://127.0.0.1:5000' },
};

export type DownstreamName = keyof typeof DOWNSTREAMS;

/** What the edge knows of one downstream right now; `/downstreams` on the ops port shows it. */
interface DownstreamStatus {
  readonly policy: DownstreamConfig['CALL_POLICY'];
  /** The best state of any endpoint's breaker: `open` means that nobody is asked. */
  readonly breaker: BreakerState;
  readonly retryBudgetRemaining: number;
  readonly retryBudgetCapacity: number;
  readonly inFlight: number;
  readonly maxInFlight: number;
  readonly queued: number;
  readonly maxQueued: number;
  readonly endpoints: readonly {
    readonly url: string;
    readonly breaker: BreakerState;
    /** Milliseconds until an open breaker lets a call through. */
    readonly breakerRetryAfterMs: number;
    /** Milliseconds that the endpoint is still left out because it failed far more than the others. */
    readonly ejectedForMs: number;
    readonly inFlight: number;
  }[];
}

interface Downstream<C extends Contract> {
  readonly client: Client<C>;
  readonly status: () => DownstreamStatus;
  readonly close: () => Promise<void>;
}

export type Downstreams = { readonly [N in DownstreamName]: Downstream<(typeof DOWNSTREAMS)[N]['contract']> };

export interface Shared {
  readonly clock: Clock;
  readonly random: Random;
  readonly registry: Registry;
  readonly log: Logger;
  readonly tracer?: Tracer | undefined;
}

/**
 * A client for every downstream. Each has its own breaker, budget, bulkhead and connections, shared by all its operations.
 * @param transportTo makes what carries the attempts of one downstream; default: HTTP
 */
export function createDownstreams(
  config: Config,
  shared: Shared,
  transportTo: typeof httpTransport = httpTransport,
): Downstreams {
  const metrics = callMetrics(shared.registry);
  const connected = Object.entries(DOWNSTREAMS).map(([name, { contract }]) => {
    const callMetricsOf = metrics.forDownstream(name, contract);
    const own = config.downstreams[name as DownstreamName];
    return [name, connect(contract, own, config.EDGE_DEADLINE_MS, callMetricsOf, shared, transportTo)];
  });
  return Object.fromEntries(connected) as Downstreams;
}

function connect<C extends Contract>(
  contract: C,
  config: DownstreamConfig,
  deadlineMs: number,
  metrics: ReturnType<ReturnType<typeof callMetrics>['forDownstream']>,
  { clock, random, log, tracer }: Shared,
  transportTo: typeof httpTransport,
): Downstream<C> {
  let budgetIsSpent = false;
  const eventsOf = (endpoint: string): PolicyListener => {
    return (event) => {
      metrics.onEvent(event);
      // A state, not each refusal: those are counted.
      if (event.type === 'retry') budgetIsSpent = false;
      if (event.type === 'rejected' && event.code === 'budget_exhausted' && !budgetIsSpent) {
        budgetIsSpent = true;
        log.warn({ downstream: contract.name }, 'retry budget is spent: calls are not tried again');
      }
      if (event.type === 'breaker_transition') {
        log.warn({ downstream: contract.name, endpoint, from: event.from, to: event.to }, 'breaker changed state');
      } else if (event.type === 'ejection') {
        const { forMs, outcomes, failures } = event;
        log.warn(
          { downstream: contract.name, endpoint: event.endpoint, forMs, outcomes, failures },
          'endpoint left out: it fails far more than the others',
        );
      }
    };
  };
  const onEvent = eventsOf('');
  const traces = callTraces(contract, random, tracer);
  const isBare = config.CALL_POLICY === 'none';
  /** The longest that one attempt can last. */
  const attemptMs = Math.min(config.CALL_ATTEMPT_TIMEOUT_MS, deadlineMs);

  const transport = transportTo(config.URL[0] ?? '', {
    maxConnections: isBare ? Number.POSITIVE_INFINITY : config.CALL_MAX_IN_FLIGHT,
    connectTimeoutMs: attemptMs * CONNECT_SHARE,
    userAgent: 'halfopen-edge',
    onDisconnect: () => discovery.refresh(),
    clock,
  });
  const budget = createRetryBudget({
    ratio: config.CALL_RETRY_RATIO,
    capacity: config.CALL_RETRY_BUDGET,
    initial: DEFAULTS.retryBudgetInitial,
  });
  const bulkhead = createBulkhead({
    maxInFlight: config.CALL_MAX_IN_FLIGHT,
    maxQueued: config.CALL_MAX_QUEUED,
    onEvent,
  });
  const balancer = createBalancer({
    guard: (endpoint) => {
      const breaker = createBreaker({
        windowMs: config.CALL_BREAKER_WINDOW_MS,
        minimumCalls: config.CALL_BREAKER_MINIMUM_CALLS,
        failureRate: config.CALL_BREAKER_FAILURE_RATE,
        slowCallMs: attemptMs * config.CALL_BREAKER_SLOW_SHARE,
        openMs: config.CALL_BREAKER_OPEN_MS,
        maxOpenMs: config.CALL_BREAKER_MAX_OPEN_MS,
        probeLeaseMs: attemptMs + PROBE_GRACE_MS,
        fairChanceMs: attemptMs / 2,
        clock,
        random,
        onEvent: eventsOf(endpoint.origin),
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
        forget: () => breaker.forget(),
        close: () => {
          breaker.close();
          transport.forget(endpoint);
        },
      };
    },
    maxLeftOut: DEFAULTS.maxLeftOut,
    minimumOutcomes: config.CALL_BREAKER_MINIMUM_CALLS,
    onEvent,
    clock,
    random,
  });
  const discovery = discover({ origins: config.URL, onChange: (endpoints) => balancer.update(endpoints) });

  const announced = announce(contract.name, budget);

  // The order of policies, outermost first. docs/decisions/0002 says why it is this one.
  const standard: Policy = compose(
    announced,
    traces.call,
    metrics.call,
    config.CALL_STALE_IF_ERROR === 'on' ? staleIfError({ keyOf: sameQuestion, maxBytes: STALE_BYTES, clock }) : none,
    deadline({ timeoutMs: deadlineMs, clock }),
    config.CALL_COALESCE === 'on' ? coalesce({ keyOf: sameQuestion, timeoutMs: deadlineMs, clock }) : none,
    bulkhead.policy,
    retry({
      attempts: config.CALL_ATTEMPTS,
      baseMs: config.CALL_BACKOFF_BASE_MS,
      capMs: config.CALL_BACKOFF_CAP_MS,
      budget,
      clock,
      random,
      onEvent,
    }),
    discovery.policy,
    config.CALL_HEDGE === 'on' ? hedge({ budget, clock, onEvent }) : none,
    // Chooses the endpoint of each attempt, and asks the breaker of that endpoint.
    balancer.policy,
    attemptTimeout({ timeoutMs: config.CALL_ATTEMPT_TIMEOUT_MS, clock }),
    traces.attempt,
    metrics.attempt,
  );
  const bare: Policy = compose(
    announced,
    traces.call,
    metrics.call,
    discovery.policy,
    balancer.policy,
    traces.attempt,
    metrics.attempt,
  );

  const endpoints = () =>
    balancer.endpoints.map(({ endpoint, guard: { breaker }, inFlight, ejectedUntil }) => ({
      url: endpoint.origin,
      breaker: breaker.state,
      breakerRetryAfterMs: Math.round(breaker.retryAfterMs),
      ejectedForMs: Math.max(0, Math.round(ejectedUntil - clock.now())),
      inFlight,
    }));
  const inFlight = () =>
    isBare ? balancer.endpoints.reduce((sum, endpoint) => sum + endpoint.inFlight, 0) : bulkhead.inFlight;
  metrics.watch({
    inFlight,
    retryBudgetRemaining: () => budget.remaining,
    breakers: () => endpoints().map(({ url, breaker }) => ({ endpoint: url, state: breaker })),
  });
  return {
    client: createClient(contract, transport, isBare ? bare : standard, clock),
    status: () => {
      const known = endpoints();
      return {
        policy: config.CALL_POLICY,
        breaker: bestOf(known.map(({ breaker }) => breaker)),
        retryBudgetRemaining: budget.remaining,
        retryBudgetCapacity: budget.capacity,
        inFlight: inFlight(),
        maxInFlight: bulkhead.maxInFlight,
        queued: bulkhead.queued,
        maxQueued: config.CALL_MAX_QUEUED,
        endpoints: known,
      };
    },
    close: async () => {
      discovery.close();
      balancer.update([]);
      await transport.close();
    },
  };
}

/** Whoever asks for a fault asks another question. */
function sameQuestion({ operation, input, headers }: CallContext): string {
  return JSON.stringify([operation.name, input, headers[HEADERS.fault]]);
}

function bestOf(states: readonly BreakerState[]): BreakerState {
  return (['closed', 'half_open', 'open'] as const).find((state) => states.includes(state)) ?? 'closed';
}

/** Memory for old answers that may stand in for failures, of each operation: some ten thousand greetings. */
const STALE_BYTES = 4_000_000;

/**
 * Of an attempt's time, how much its connection may take. With all of it, a connection that is never made would look like
 * an answer that never came: "perhaps sent", where nothing was.
 */
const CONNECT_SHARE = 0.5;

/** A probe is given up for lost this long after the attempt timeout should have ended it. */
const PROBE_GRACE_MS = 250;
