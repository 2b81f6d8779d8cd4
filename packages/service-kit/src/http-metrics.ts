import { STATUS_CODES } from 'node:http';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Admission } from './admission.ts';

/** Seconds. OpenTelemetry's advice for HTTP durations. */
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** Methods that get a label value of their own. A caller could send any number of others, each a new time series. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** nginx's status for a caller that did not wait for the answer. Not registered, so Node has no text for it. */
const CALLER_LEFT = 499;

/** The label value for a method: itself if it is known, else `_OTHER`, as OpenTelemetry's HTTP conventions ask. */
export function knownMethod(method: string | undefined): string {
  return method !== undefined && METHODS.has(method) ? method : '_OTHER';
}

/** The server metrics of a service. The number of label values is bounded, whatever callers send. */
export function httpServerMetrics(registry: Registry) {
  const duration = new Histogram({
    name: 'http_server_request_duration_seconds',
    help: 'Duration of requests, from the last header of the request to the last byte of the answer.',
    labelNames: ['http_request_method', 'url_scheme', 'http_route', 'http_response_status_code', 'error_type'],
    buckets: DURATION_BUCKETS,
    registers: [registry],
  });
  const wasted = new Counter({
    name: 'wasted_work_seconds_total',
    help: 'Time spent on requests whose caller left before the answer was ready.',
    registers: [registry],
  });
  const rejected = new Counter({
    name: 'server_rejected_total',
    help: 'Requests refused because the service was overloaded.',
    registers: [registry],
  });
  return {
    rejected() {
      rejected.inc();
    },
    /** Adds gauges for the requests in progress and in the queue. They are read when the metrics are asked for. */
    watch(admission: Pick<Admission, 'inProgress' | 'queued'>) {
      const active = new Gauge({
        name: 'http_server_active_requests',
        help: 'Requests in progress, and requests that wait in the queue.',
        labelNames: ['state'],
        registers: [],
        collect() {
          this.set({ state: 'in_progress' }, admission.inProgress);
          this.set({ state: 'queued' }, admission.queued);
        },
      });
      registry.registerMetric(active);
    },
    /**
     * @param status 499 if the caller left
     * @param errorType the code of the problem, if the request failed and the caller did not cause it
     */
    observe(
      method: string | undefined,
      route: string | undefined,
      status: number,
      errorType: string | undefined,
      seconds: number,
    ) {
      duration.observe(
        {
          http_request_method: knownMethod(method),
          // Services do not terminate TLS.
          url_scheme: 'http',
          http_route: route ?? '',
          // `x-fault: status=…` can ask for any number.
          http_response_status_code:
            status === CALLER_LEFT || STATUS_CODES[status] !== undefined ? String(status) : '_OTHER',
          error_type: errorType ?? '',
        },
        seconds,
      );
    },
    wasted(seconds: number) {
      wasted.inc(seconds);
    },
  };
}
