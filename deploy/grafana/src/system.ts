import { dashboard, labelVariable } from './dashboard.ts';
import { band, lines, named, stat } from './panels.ts';
import {
  AMPLIFICATION_STEPS,
  BREAKER_NAMES,
  BREAKER_STEPS,
  LATENCY_STEPS,
  NONE_STEPS,
  SUCCESS_STEPS,
  TEN_PERCENT_STEPS,
} from './shared.ts';

const REQUESTS = 'http_server_request_duration_seconds';
const FAILED = 'http_response_status_code=~"5..|_OTHER"';

/** The whole system on one screen: is it bad, for whom, where, and is it meant to be? */
export const system = dashboard({
  uid: 'halfopen-system',
  title: 'Halfopen: system',
  description: 'Is it bad, for whom, and where? From left to right and from top to bottom.',
  variables: [labelVariable('entry', 'Callers meet', `label_values(${REQUESTS}_count, job)`, { current: 'edge' })],
  rows: [
    {
      height: 4,
      panels: [
        stat({
          title: 'Success',
          description:
            "Of the requests of the last minute, how many did not fail? Who asked for nonsense (4xx) or left is nobody's failure.",
          unit: 'percentunit',
          max: 1,
          steps: SUCCESS_STEPS,
          queries: [{ expr: 'job:http_server_success:ratio_rate1m{job="$entry"}', legend: '{{job}}' }],
        }),
        stat({
          title: 'p99',
          description:
            'How long does one caller in a hundred wait, or longer? Failures count: they are waited for, too.',
          unit: 's',
          steps: LATENCY_STEPS,
          queries: [{ expr: 'job:http_server_request_duration_seconds:p99_rate1m{job="$entry"}', legend: '{{job}}' }],
        }),
        stat({
          title: 'Amplification',
          description:
            'How many attempts does a call cost, at worst? 1 without retries; the budget allows 1.1. More than that feeds an outage.',
          unit: 'none',
          steps: AMPLIFICATION_STEPS,
          queries: [
            {
              expr: 'max by (downstream) (downstream:client_amplification:ratio_rate1m)',
              legend: '{{downstream}}',
            },
          ],
        }),
        stat({
          title: 'Breakers',
          description:
            'The worst breaker of each downstream. Open: its calls fail at once, and only a probe now and then is sent.',
          unit: 'none',
          steps: BREAKER_STEPS,
          mappings: BREAKER_NAMES,
          queries: [{ expr: 'max by (downstream) (endpoint:breaker_state:level)', legend: '{{downstream}}' }],
        }),
        stat({
          title: 'Alerts',
          description:
            'How many alerts fire? Their names are under /alerts of Prometheus; docs/guides/observe.md says what to do.',
          unit: 'none',
          steps: [
            [null, 'green'],
            [1, 'red'],
          ],
          queries: [{ expr: 'count(ALERTS{alertstate="firing",severity!="info"}) or vector(0)', legend: 'firing' }],
        }),
        stat({
          title: 'Faults injected',
          description: 'Is somebody breaking it on purpose? Then the rest of this page may be as it was meant to be.',
          unit: 'reqps',
          steps: NONE_STEPS,
          queries: [{ expr: 'sum(rate(faults_injected_total[$__rate_interval])) or vector(0)', legend: 'faults' }],
        }),
      ],
    },
    {
      title: 'What callers get',
      height: 7,
      panels: [
        lines({
          title: 'Offered and goodput',
          description:
            'Do callers get what they ask for? Between offered and goodput lie failures, and callers who left before the answer.',
          unit: 'reqps',
          queries: [
            { expr: `sum(rate(${REQUESTS}_count{job="$entry"}[$__rate_interval]))`, legend: 'offered' },
            {
              expr: `sum(rate(${REQUESTS}_count{job="$entry",http_response_status_code!~"5..|499|_OTHER"}[$__rate_interval]))`,
              legend: 'goodput',
            },
            { expr: `sum(rate(${REQUESTS}_count{job="$entry",${FAILED}}[$__rate_interval]))`, legend: 'failed' },
            {
              expr: `sum(rate(${REQUESTS}_count{job="$entry",http_response_status_code="499"}[$__rate_interval]))`,
              legend: 'caller left',
            },
          ],
        }),
        lines({
          title: 'Latency',
          description: 'How long do callers wait? A p99 at the deadline (2 s) says that something below hangs.',
          unit: 's',
          steps: LATENCY_STEPS,
          queries: [
            {
              expr: `histogram_quantile(0.5, sum by (le) (rate(${REQUESTS}_bucket{job="$entry"}[$__rate_interval])))`,
              legend: 'p50',
            },
            {
              expr: `histogram_quantile(0.99, sum by (le) (rate(${REQUESTS}_bucket{job="$entry"}[$__rate_interval])))`,
              legend: 'p99',
            },
          ],
        }),
        lines({
          title: 'Why requests fail',
          description:
            'What do the problem documents say? breaker_open and budget_exhausted are our own refusals; the rest is what led to them.',
          unit: 'reqps',
          stacked: true,
          queries: [
            {
              expr: `sum by (error_type) (rate(${REQUESTS}_count{job="$entry",error_type!=""}[$__rate_interval]))`,
              legend: '{{error_type}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'Between the services',
      height: 7,
      panels: [
        lines({
          title: 'Calls, attempts, goodput',
          description:
            'Is a downstream asked more than it should be (attempts above calls), or spared (attempts far below: its breaker is open)?',
          unit: 'reqps',
          queries: [
            {
              expr: 'sum by (downstream) (rate(client_call_duration_seconds_count[$__rate_interval]))',
              legend: '{{downstream}}: calls',
            },
            {
              expr: 'sum by (downstream) (rate(http_client_request_duration_seconds_count[$__rate_interval]))',
              legend: '{{downstream}}: attempts',
            },
            {
              expr: 'sum by (downstream) (rate(client_call_duration_seconds_count{outcome="success"}[$__rate_interval]))',
              legend: '{{downstream}}: goodput',
            },
          ],
        }),
        band({
          title: 'Breakers',
          description:
            'Since when, and which endpoint? One red band among green ones is a sick replica; all red is an outage.',
          unit: 'none',
          steps: BREAKER_STEPS,
          mappings: BREAKER_NAMES,
          queries: [
            {
              expr: 'max by (downstream, endpoint) (endpoint:breaker_state:level)',
              legend: '{{downstream}} {{endpoint}}',
            },
          ],
        }),
        lines({
          title: 'Calls refused by our own policies',
          description:
            'What was never sent, or not sent again? overloaded: no place in the bulkhead; breaker_open: spared; budget_exhausted: no retry left.',
          unit: 'reqps',
          stacked: true,
          queries: [
            {
              expr: 'sum by (downstream, code) (rate(client_rejected_total[$__rate_interval]))',
              legend: '{{downstream}}: {{code}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'Each service',
      height: 7,
      panels: [
        lines({
          title: 'Requests',
          description:
            'Who is asked how often? A service that is asked for nothing is cut off, or spared by a breaker.',
          unit: 'reqps',
          queries: [{ expr: `sum by (job) (rate(${REQUESTS}_count[$__rate_interval]))`, legend: '{{job}}' }],
        }),
        lines({
          title: 'p99 of each',
          description: 'Where is the time lost? In the service whose p99 is high while those that it calls are quick.',
          unit: 's',
          queries: [
            {
              expr: `histogram_quantile(0.99, sum by (job, le) (rate(${REQUESTS}_bucket[$__rate_interval])))`,
              legend: '{{job}}',
            },
          ],
        }),
        lines({
          title: 'Admission: in progress and queued',
          description: 'Is a service full? A queue that stays is load beyond capacity, or work that does not end.',
          unit: 'none',
          queries: [{ expr: 'sum by (job, state) (http_server_active_requests)', legend: '{{job}}: {{state}}' }],
        }),
        lines({
          title: 'Admission: refused',
          description:
            'How much does a service turn away? Refusals are cheap; they are what keeps the rest of the answers good.',
          unit: 'reqps',
          queries: [{ expr: 'sum by (job) (rate(server_rejected_total[$__rate_interval]))', legend: '{{job}}' }],
        }),
      ],
    },
    {
      height: 7,
      panels: [
        lines({
          title: 'Wasted work',
          description:
            'Which share of the time goes into answers that nobody waits for any longer? More than a tenth rings.',
          unit: 'percentunit',
          steps: TEN_PERCENT_STEPS,
          queries: [
            {
              expr: `sum by (job) (rate(wasted_work_seconds_total[$__rate_interval])) / sum by (job) (rate(${REQUESTS}_sum[$__rate_interval]))`,
              legend: '{{job}}',
            },
          ],
        }),
        lines({
          title: 'Faults injected',
          description: "What is being broken on purpose, and how often? x-fault is a single request's own wish.",
          unit: 'reqps',
          stacked: true,
          queries: [
            {
              expr: 'sum by (job, fault) (rate(faults_injected_total[$__rate_interval]))',
              legend: '{{job}}: {{fault}}',
            },
          ],
        }),
        band({
          title: 'Reached by Prometheus',
          description:
            'Does each process answer on its ops port? A gap is a container that is gone, or whose address changed.',
          unit: 'none',
          steps: [
            [null, 'red'],
            [1, 'green'],
          ],
          mappings: named([0, 'down', 'red'], [1, 'up', 'green']),
          queries: [{ expr: 'up', legend: '{{job}} {{instance}}' }],
        }),
      ],
    },
    {
      title: 'Processes',
      height: 7,
      panels: [
        lines({
          title: 'CPU',
          description: 'How many cores does each process use? Node runs JavaScript on one: at 1 it is at its end.',
          unit: 'none',
          queries: [{ expr: 'rate(process_cpu_seconds_total[$__rate_interval])', legend: '{{job}} {{instance}}' }],
        }),
        lines({
          title: 'Memory',
          description: 'Does a process grow? A container is ended at 512 MiB; what only rises will get there.',
          unit: 'bytes',
          queries: [{ expr: 'process_resident_memory_bytes', legend: '{{job}} {{instance}}' }],
        }),
        lines({
          title: 'Event loop: share of the time in which it is blocked',
          description:
            'Does something block the event loop? Pauses of 50 ms or longer count. All requests of the process are late together by them.',
          unit: 'percentunit',
          queries: [
            {
              expr: 'rate(nodejs_eventloop_blocked_seconds_total[$__rate_interval])',
              legend: '{{job}} {{instance}}',
            },
          ],
        }),
        lines({
          title: 'Garbage collection',
          description:
            'Which share of the time is spent on collecting garbage? Above a tenth, memory is what the process waits for.',
          unit: 'percentunit',
          queries: [
            {
              expr: 'sum by (job, instance) (rate(nodejs_gc_duration_seconds_sum[$__rate_interval]))',
              legend: '{{job}} {{instance}}',
            },
          ],
        }),
      ],
    },
  ],
});
