import { STATUS_CODES } from 'node:http';
import type { Contract } from '@halfopen/contracts';
import {
  CALL_ERROR_CODES,
  CallError,
  type CallErrorCode,
  type Clock,
  type Endpoint,
  isCallError,
  isRetryable,
  type Policy,
  type PolicyEvent,
  systemClock,
} from '@halfopen/resilience';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { CallObserver, DownstreamGauges } from '../observer.ts';
import { addressesOf } from './addresses.ts';

/** Seconds, as OpenTelemetry advises for HTTP durations. */
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

export interface CallMetrics {
  /** The observer of one downstream, labelled with its name. */
  forDownstream(downstream: string, contract: Contract): Required<CallObserver>;
}

const BREAKER_STATES = ['closed', 'open', 'half_open'] as const;

/** Refusals of the standard policy. `deadline_exceeded` appears with the first one, because deadline admission is off by default. */
const REJECTIONS = ['overloaded', 'breaker_open', 'budget_exhausted'] as const satisfies readonly Extract<
  PolicyEvent,
  { type: 'rejected' }
>['code'][];

/** The failures that can lead to a retry, taken from the policy itself. */
const RETRY_REASONS = CALL_ERROR_CODES.filter((code) =>
  isRetryable(new CallError(code, '', { status: 503 }), { operation: { safety: 'safe' } }),
);

/**
 * The metrics of all downstreams of a process. Create it once per registry.
 * @param clock measures durations. Default: the process's clock
 */
export function callMetrics(registry: Registry, clock: Clock = systemClock): CallMetrics {
  const registers = [registry];
  const callDuration = new Histogram({
    name: 'client_call_duration_seconds',
    help: 'Duration of logical calls to a downstream, retries and waiting included.',
    labelNames: ['downstream', 'operation', 'outcome'],
    buckets: DURATION_BUCKETS,
    registers,
  });
  const watched = new Map<string, DownstreamGauges>();
  const attemptSeries = new Map<string, AttemptSeries>();
  const attemptDuration = new Histogram({
    name: 'http_client_request_duration_seconds',
    help: 'Duration of attempts: single HTTP requests to a downstream.',
    labelNames: [
      'downstream',
      'operation',
      'http_request_method',
      'server_address',
      'server_port',
      'network_peer_address',
      'http_response_status_code',
      'error_type',
    ] as const,
    buckets: DURATION_BUCKETS,
    registers,
    collect() {
      // Endpoints come and go. One that is gone must not stay in the metrics for ever.
      for (const [key, { origin, labels }] of attemptSeries) {
        const breakers = watched.get(labels.downstream)?.breakers() ?? [{ endpoint: origin }];
        if (breakers.some(({ endpoint }) => endpoint === origin)) continue;
        this.remove(labels);
        attemptSeries.delete(key);
      }
    },
  });
  const retries = new Counter({
    name: 'client_retries_total',
    help: 'Retries begun, by the failure that led to them.',
    labelNames: ['downstream', 'reason'],
    registers,
  });
  const hedges = new Counter({
    name: 'client_hedges_total',
    help: 'Attempts begun beside one that took long.',
    labelNames: ['downstream'],
    registers,
  });
  const late = new Counter({
    name: 'client_late_attempts_total',
    help: 'Attempts that took too long, and counted as failures of the endpoint until they were answered.',
    labelNames: ['downstream'],
    registers,
  });
  const waits = new Counter({
    name: 'client_recovery_waits_total',
    help: 'Calls that waited for an endpoint to come back, by whether one did in time.',
    labelNames: ['downstream', 'outcome'],
    registers,
  });
  const rejected = new Counter({
    name: 'client_rejected_total',
    help: 'Calls and retries that a policy refused to send.',
    labelNames: ['downstream', 'code'],
    registers,
  });
  const breakerTransitions = new Counter({
    name: 'breaker_transitions_total',
    help: 'Changes of the breaker state.',
    labelNames: ['downstream', 'from', 'to'],
    registers,
  });
  const ejections = new Counter({
    name: 'endpoint_ejections_total',
    help: 'Times that an endpoint was left out because it failed far more than the others.',
    labelNames: ['downstream'],
    registers,
  });
  readWhenAsked(registry, 'client_in_flight', 'Logical calls in flight.', watched, ({ inFlight }) => inFlight());
  readWhenAsked(registry, 'client_in_flight_limit', 'Logical calls that may be in flight.', watched, (gauges) =>
    gauges.limit?.(),
  );
  readWhenAsked(registry, 'client_retry_budget_remaining', 'Retries left in the budget.', watched, (gauges) =>
    gauges.retryBudgetRemaining(),
  );

  readWhenAsked(registry, 'client_retry_ratio', 'Retries that each success earns now.', watched, (gauges) =>
    gauges.retryRatio?.(),
  );

  const breakerState = new Gauge({
    name: 'breaker_state',
    help: '1 for the state the breaker is in, 0 for the others.',
    labelNames: ['downstream', 'endpoint', 'state'],
    registers: [],
    collect() {
      // Endpoints come and go. One that is gone must not stay in the metrics for ever.
      this.reset();
      for (const [downstream, { breakers }] of watched) {
        for (const { endpoint, state } of breakers()) {
          for (const one of BREAKER_STATES) this.set({ downstream, endpoint, state: one }, one === state ? 1 : 0);
        }
      }
    },
  });
  registry.registerMetric(breakerState);

  return {
    forDownstream(downstream, contract) {
      const operations = Object.values(contract.operations);
      const methods = new Map(operations.map(({ name, method }) => [name, method]));
      // Counters start at 0: `rate` and `increase` see nothing of a series that begins at 1.
      for (const { name: operation } of operations) callDuration.zero({ downstream, operation, outcome: 'success' });
      for (const reason of RETRY_REASONS) retries.inc({ downstream, reason }, 0);
      for (const code of REJECTIONS) rejected.inc({ downstream, code }, 0);
      for (const from of BREAKER_STATES) {
        for (const to of BREAKER_STATES) if (to !== from) breakerTransitions.inc({ downstream, from, to }, 0);
      }
      hedges.inc({ downstream }, 0);
      late.inc({ downstream }, 0);
      for (const outcome of ['admitted', 'refused']) waits.inc({ downstream, outcome }, 0);
      ejections.inc({ downstream }, 0);
      return {
        call: observe(clock, (operation, seconds, outcome) => {
          callDuration.observe(
            { downstream, operation, outcome: outcome.error ?? (outcome.degraded ? 'degraded' : 'success') },
            seconds,
          );
        }),
        attempt: observe(clock, (operation, seconds, { status, error }, endpoint) => {
          const key = `${downstream} ${operation} ${endpoint?.origin} ${status} ${error}`;
          let series = attemptSeries.get(key);
          if (series === undefined) {
            series = attemptSeriesOf(downstream, operation, methods.get(operation), endpoint, status, error);
            attemptSeries.set(key, series);
          }
          attemptDuration.observe(series.labels, seconds);
        }),
        onEvent(event) {
          switch (event.type) {
            case 'retry':
              retries.inc({ downstream, reason: event.reason });
              break;
            case 'hedge':
              hedges.inc({ downstream });
              break;
            case 'late':
              late.inc({ downstream });
              break;
            case 'waited':
              waits.inc({ downstream, outcome: event.outcome });
              break;
            case 'rejected':
              rejected.inc({ downstream, code: event.code });
              break;
            case 'breaker_transition':
              breakerTransitions.inc({ downstream, from: event.from, to: event.to });
              break;
            case 'retry_ratio':
              // A gauge tells it.
              break;
            case 'ejection':
              ejections.inc({ downstream });
          }
        },
        watch(gauges) {
          watched.set(downstream, gauges);
        },
      };
    },
  };
}

/** A gauge for each downstream that costs nothing until somebody asks for the metrics. */
function readWhenAsked(
  registry: Registry,
  name: string,
  help: string,
  watched: ReadonlyMap<string, DownstreamGauges>,
  read: (gauges: DownstreamGauges) => number | undefined,
): void {
  const gauge = new Gauge({
    name,
    help,
    labelNames: ['downstream'],
    registers: [],
    collect() {
      for (const [downstream, gauges] of watched) {
        const value = read(gauges);
        if (value !== undefined) this.set({ downstream }, value);
      }
    },
  });
  registry.registerMetric(gauge);
}

interface Outcome {
  readonly status: number | undefined;
  readonly error: CallErrorCode | undefined;
  /** Answered with a stale answer: no failure for the caller, but no success of the downstream either. */
  readonly degraded: boolean;
}

interface AttemptSeries {
  readonly origin: string;
  readonly labels: Readonly<Record<'downstream' | 'operation' | AttemptLabel, string>>;
}

/** OpenTelemetry's attributes of an HTTP client's request, in Prometheus' spelling. */
type AttemptLabel =
  | 'http_request_method'
  | 'server_address'
  | 'server_port'
  | 'network_peer_address'
  | 'http_response_status_code'
  | 'error_type';

function attemptSeriesOf(
  downstream: string,
  operation: string,
  method: string | undefined,
  endpoint: Endpoint | undefined,
  status: number | undefined,
  error: string | undefined,
): AttemptSeries {
  const { server, peer } = addressesOf(endpoint);
  return {
    origin: endpoint?.origin ?? '',
    labels: {
      downstream,
      operation,
      http_request_method: method ?? '',
      server_address: server.address,
      server_port: String(server.port),
      // Tells endpoints apart: all addresses of a name share the first two.
      network_peer_address: peer?.address ?? '',
      // A downstream may answer with any number. Only statuses that mean something become series.
      http_response_status_code:
        status === undefined ? '' : STATUS_CODES[status] === undefined ? '_OTHER' : String(status),
      error_type: error ?? '',
    },
  };
}

type Recorder = (operation: string, seconds: number, outcome: Outcome, endpoint: Endpoint | undefined) => void;

function observe(clock: Clock, record: Recorder): Policy {
  return (next) => async (context) => {
    const startedAt = clock.now();
    let outcome: Outcome = { status: 200, error: undefined, degraded: false };
    try {
      const value = await next(context);
      outcome = { ...outcome, degraded: context.notes.staleMs !== undefined };
      return value;
    } catch (error) {
      outcome = isCallError(error)
        ? { status: error.status, error: error.code, degraded: false }
        : { status: undefined, error: 'internal', degraded: false };
      throw error;
    } finally {
      record(context.operation.name, (clock.now() - startedAt) / 1_000, outcome, context.endpoint);
    }
  };
}
