import { STATUS_CODES } from 'node:http';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Admission } from './admission.ts';

/** Seconds, from OpenTelemetry's advice for HTTP durations. */
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** What callers may send as a method without becoming a time series each. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** No registered status: nginx's word for a caller who did not wait for the answer. */
const CALLER_LEFT = 499;

/** What a method is called where only known ones may be named. */
export function knownMethod(method: string | undefined): string {
  return method !== undefined && METHODS.has(method) ? method : '_OTHER';
}

/** Records what a service answered. Labels are bounded whatever callers send. */
export function httpServerMetrics(registry: Registry) {
  const duration = new Histogram({
    name: 'http_server_request_duration_seconds',
    help: 'Duration of requests, from the first header to the last byte of the answer.',
    labelNames: ['http_request_method', 'url_scheme', 'http_route', 'http_response_status_code', 'error_type'],
    buckets: DURATION_BUCKETS,
    registers: [registry],
  });
  const wasted = new Counter({
    name: 'wasted_work_seconds_total',
    help: 'Time spent on requests whose caller had gone before the answer was ready.',
    registers: [registry],
  });
  const rejected = new Counter({
    name: 'server_rejected_total',
    help: 'Requests refused because the service had too much to do.',
    registers: [registry],
  });
  return {
    rejected() {
      rejected.inc();
    },
    /** Shows what admission holds whenever somebody asks for the metrics. */
    watch(admission: Pick<Admission, 'inProgress' | 'queued'>) {
      const active = new Gauge({
        name: 'http_server_active_requests',
        help: 'Requests that are worked on, and that wait to be.',
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
     * @param status 499 where the caller left
     * @param errorType the problem's code, where the request did not end well and the caller is not to blame
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
          // Nothing here speaks TLS.
          url_scheme: 'http',
          http_route: route ?? '',
          // `x-fault: status=…` may ask for any.
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
