import { dashboard, labelVariable } from './dashboard.ts';
import { band, lines, stat } from './panels.ts';
import {
  AMPLIFICATION_STEPS,
  BREAKER_NAMES,
  BREAKER_STEPS,
  LATENCY_STEPS,
  NONE_STEPS,
  SUCCESS_STEPS,
  TEN_PERCENT_STEPS,
} from './shared.ts';

/** Chooses the downstream, and the callers' processes. */
const OF = 'downstream="$downstream",instance=~"$instance"';
const CALLS = 'client_call_duration_seconds';
const ATTEMPTS = 'http_client_request_duration_seconds';
/** What the downstream says of itself: its job has its name. */
const ITSELF = 'job="$downstream"';

const quantile = (q: number, metric: string) =>
  `histogram_quantile(${q}, sum by (le) (rate(${metric}_bucket{${OF}}[$__rate_interval])))`;

/** One downstream as its callers see it, and below, as it sees itself. */
export const downstream = dashboard({
  uid: 'halfopen-downstream',
  title: 'Halfopen: one downstream',
  description:
    'One downstream as its callers see it: what they ask, what they get, what the policies make of it; and its own side.',
  variables: [
    labelVariable('downstream', 'Downstream', 'label_values(client_retry_budget_remaining, downstream)', {
      current: 'greeter',
    }),
    labelVariable(
      'instance',
      'Called by',
      'label_values(client_retry_budget_remaining{downstream="$downstream"}, instance)',
      { all: true },
    ),
  ],
  rows: [
    {
      height: 4,
      panels: [
        stat({
          title: 'Success',
          description: 'Of the calls of the last minute, how many were answered well? Callers who left do not count.',
          unit: 'percentunit',
          max: 1,
          steps: SUCCESS_STEPS,
          queries: [{ expr: 'downstream:client_success:ratio_rate1m{downstream="$downstream"}', legend: 'by {{job}}' }],
        }),
        stat({
          title: 'p99 of a call',
          description: 'How long does a call take, waiting and retries included, one in a hundred or longer?',
          unit: 's',
          steps: LATENCY_STEPS,
          queries: [
            {
              expr: 'downstream:client_call_duration_seconds:p99_rate1m{downstream="$downstream"}',
              legend: 'by {{job}}',
            },
          ],
        }),
        stat({
          title: 'Amplification',
          description:
            'How many attempts does a call cost? 1 without retries, 1.1 at most; far less while the breaker is open.',
          unit: 'none',
          steps: AMPLIFICATION_STEPS,
          queries: [
            { expr: 'downstream:client_amplification:ratio_rate1m{downstream="$downstream"}', legend: 'by {{job}}' },
          ],
        }),
        stat({
          title: 'Breaker',
          description: "The worst of its endpoints' breakers.",
          unit: 'none',
          steps: BREAKER_STEPS,
          mappings: BREAKER_NAMES,
          queries: [{ expr: `max(endpoint:breaker_state:level{${OF}})`, legend: 'worst' }],
        }),
        stat({
          title: 'Retry budget',
          description:
            'How many retries are left? Ten successes earn one. At 0 nothing is retried: that protects the downstream, and callers see each failure.',
          unit: 'none',
          min: 0,
          steps: [
            [null, 'red'],
            [1, 'orange'],
            [3, 'green'],
          ],
          queries: [{ expr: `min(client_retry_budget_remaining{${OF}})`, legend: 'lowest' }],
        }),
        stat({
          title: 'Refused by policies',
          description: 'How many calls a second are refused before being sent, or sent again?',
          unit: 'reqps',
          steps: NONE_STEPS,
          queries: [{ expr: `sum(rate(client_rejected_total{${OF}}[$__rate_interval]))`, legend: 'refused' }],
        }),
      ],
    },
    {
      title: 'What is asked, and what comes back',
      height: 7,
      panels: [
        lines({
          title: 'Calls, attempts, goodput',
          description: 'Do the policies hold? In an outage goodput falls, and attempts must fall as well, not rise.',
          unit: 'reqps',
          queries: [
            { expr: `sum(rate(${CALLS}_count{${OF}}[$__rate_interval]))`, legend: 'calls' },
            { expr: `sum(rate(${ATTEMPTS}_count{${OF}}[$__rate_interval]))`, legend: 'attempts' },
            { expr: `sum(rate(${CALLS}_count{${OF},outcome="success"}[$__rate_interval]))`, legend: 'goodput' },
          ],
        }),
        band({
          title: 'Breaker of each endpoint',
          description:
            'Since when is which endpoint given a rest? Red with yellow hairs is an outage with its probes; stripes of green are flapping.',
          unit: 'none',
          steps: BREAKER_STEPS,
          mappings: BREAKER_NAMES,
          queries: [{ expr: `max by (endpoint) (endpoint:breaker_state:level{${OF}})`, legend: '{{endpoint}}' }],
        }),
        lines({
          title: 'Latency of calls and attempts',
          description:
            'Is it the downstream that is slow (attempts), or what is around it: waiting for a place, back-off, retries (calls alone)?',
          unit: 's',
          queries: [
            { expr: quantile(0.5, CALLS), legend: 'call p50' },
            { expr: quantile(0.99, CALLS), legend: 'call p99' },
            { expr: quantile(0.5, ATTEMPTS), legend: 'attempt p50' },
            { expr: quantile(0.99, ATTEMPTS), legend: 'attempt p99' },
          ],
        }),
      ],
    },
    {
      title: 'What fails, and what the policies do about it',
      height: 7,
      panels: [
        lines({
          title: 'How calls end',
          description: 'What do callers of the client see in the end? degraded is an old answer in place of a failure.',
          unit: 'reqps',
          stacked: true,
          queries: [
            { expr: `sum by (outcome) (rate(${CALLS}_count{${OF}}[$__rate_interval]))`, legend: '{{outcome}}' },
          ],
        }),
        lines({
          title: 'How attempts fail',
          description:
            'What does the downstream really do? attempt_timeout: it hangs; connection_lost: it breaks off; unreachable: nobody is there; remote_error: it says so itself.',
          unit: 'reqps',
          stacked: true,
          queries: [
            {
              expr: `sum by (error_type, http_response_status_code) (rate(${ATTEMPTS}_count{${OF},error_type!=""}[$__rate_interval]))`,
              legend: '{{error_type}} {{http_response_status_code}}',
            },
          ],
        }),
        lines({
          title: 'Refused, by policy',
          description:
            'Which policy says no? overloaded: the bulkhead; breaker_open: the breaker; budget_exhausted: the retry budget.',
          unit: 'reqps',
          stacked: true,
          queries: [
            { expr: `sum by (code) (rate(client_rejected_total{${OF}}[$__rate_interval]))`, legend: '{{code}}' },
          ],
        }),
      ],
    },
    {
      height: 7,
      panels: [
        lines({
          title: 'Retries and hedges',
          description:
            'What is tried again, and why? A hedge is a second attempt because the first takes unusually long.',
          unit: 'reqps',
          stacked: true,
          queries: [
            { expr: `sum by (reason) (rate(client_retries_total{${OF}}[$__rate_interval]))`, legend: '{{reason}}' },
            { expr: `sum(rate(client_hedges_total{${OF}}[$__rate_interval]))`, legend: 'hedge' },
          ],
        }),
        lines({
          title: 'Retry budget',
          description:
            'Is it being spent faster than successes earn it? Flat at 0: failures are not retried any longer.',
          unit: 'none',
          queries: [{ expr: `client_retry_budget_remaining{${OF}}`, legend: '{{instance}}' }],
        }),
        lines({
          title: 'Calls in flight',
          description:
            "Do calls pile up? Rate times latency (Little's law); at the limit (128) the bulkhead queues, then refuses.",
          unit: 'none',
          queries: [{ expr: `client_in_flight{${OF}}`, legend: '{{instance}}' }],
        }),
        lines({
          title: 'Breaker transitions',
          description: 'Does it flap? closed to open again and again is a downstream that is neither well nor down.',
          unit: 'reqps',
          queries: [
            {
              expr: `sum by (from, to) (rate(breaker_transitions_total{${OF}}[$__rate_interval]))`,
              legend: '{{from}} to {{to}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'Its endpoints',
      height: 7,
      panels: [
        lines({
          title: 'Attempts by endpoint',
          description: 'Does each replica get its share? One that gets none has an open breaker, or is left out.',
          unit: 'reqps',
          queries: [
            {
              expr: `sum by (server_address, server_port, network_peer_address) (rate(${ATTEMPTS}_count{${OF}}[$__rate_interval]))`,
              legend: '{{server_address}}:{{server_port}} {{network_peer_address}}',
            },
          ],
        }),
        lines({
          title: 'Failing share by endpoint',
          description:
            'Is one replica the sick one? Attempts that we ended ourselves (a hedge that lost, a caller who left) count as well.',
          unit: 'percentunit',
          max: 1,
          queries: [
            {
              expr: `sum by (server_address, server_port, network_peer_address) (rate(${ATTEMPTS}_count{${OF},error_type!=""}[$__rate_interval])) / sum by (server_address, server_port, network_peer_address) (rate(${ATTEMPTS}_count{${OF}}[$__rate_interval]))`,
              legend: '{{server_address}}:{{server_port}} {{network_peer_address}}',
            },
          ],
        }),
        lines({
          title: 'Endpoints left out',
          description: 'How often was a replica left out because it failed far more than the others?',
          unit: 'short',
          queries: [{ expr: `sum(increase(endpoint_ejections_total{${OF}}[$__rate_interval]))`, legend: 'ejections' }],
        }),
      ],
    },
    {
      title: 'Its own side',
      height: 7,
      panels: [
        lines({
          title: 'Its answers',
          description:
            'Does it agree with its callers? What they miss and it has answered was lost on the way between.',
          unit: 'reqps',
          stacked: true,
          queries: [
            {
              expr: `sum by (http_response_status_code) (rate(http_server_request_duration_seconds_count{${ITSELF}}[$__rate_interval]))`,
              legend: '{{http_response_status_code}}',
            },
          ],
        }),
        lines({
          title: 'Its admission',
          description: 'Is it full? in_progress at its limit and a queue: more load than it can do.',
          unit: 'none',
          queries: [
            { expr: `sum by (state) (http_server_active_requests{${ITSELF}})`, legend: '{{state}}' },
            {
              expr: `sum(rate(server_rejected_total{${ITSELF}}[$__rate_interval]))`,
              legend: 'refused a second',
            },
          ],
        }),
        lines({
          title: 'Its wasted work',
          description:
            'Which share of its time goes into answers that nobody waits for? Deadlines should have stopped that.',
          unit: 'percentunit',
          steps: TEN_PERCENT_STEPS,
          queries: [
            {
              expr: `sum(rate(wasted_work_seconds_total{${ITSELF}}[$__rate_interval])) / sum(rate(http_server_request_duration_seconds_sum{${ITSELF}}[$__rate_interval]))`,
              legend: 'wasted',
            },
          ],
        }),
        lines({
          title: 'Faults played there',
          description: 'Is it broken on purpose, and by which fault?',
          unit: 'reqps',
          stacked: true,
          queries: [
            {
              expr: `sum by (fault) (rate(faults_injected_total{${ITSELF}}[$__rate_interval]))`,
              legend: '{{fault}}',
            },
          ],
        }),
      ],
    },
  ],
});
