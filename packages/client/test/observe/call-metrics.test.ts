import { greeterContract } from '@halfopen/greetings';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { type CallContext, CallError } from '../../src/index.ts';
import { callMetrics } from '../../src/observe/index.ts';

const contextFor = (origin: string): CallContext => ({
  operation: { name: 'hello', safety: 'safe' },
  input: {},
  signal: new AbortController().signal,
  deadlineAt: Number.POSITIVE_INFINITY,
  attempt: 1,
  tried: new Set(),
  notes: { attempts: 1, mayBeStale: false, cacheControl: undefined, staleMs: undefined, staleBecause: undefined },
  endpoint: { origin, host: 'greeter:5000' },
  headers: {},
  watch: undefined,
});

test('attempts are counted by endpoint; one that is gone leaves the metrics', async () => {
  const registry = new Registry();
  const metrics = callMetrics(registry).forDownstream('greeter', greeterContract);
  let known = ['http://10.0.0.1:5000', 'http://10.0.0.2'];
  metrics.watch({
    inFlight: () => 0,
    retryBudgetRemaining: () => 0,
    breakers: () => known.map((endpoint) => ({ endpoint, state: 'closed' })),
  });
  const well = metrics.attempt(async () => 'answer');
  const failing = metrics.attempt(async () => {
    throw new CallError('remote_error', 'failed', { status: 503 });
  });
  const count = async (labels: string) => {
    const line = new RegExp(`^http_client_request_duration_seconds_count\\{${labels}\\} (\\d+)$`, 'm');
    return Number(line.exec(await registry.metrics())?.[1] ?? 0);
  };
  const first =
    'downstream="greeter",operation="hello",http_request_method="GET",server_address="greeter",server_port="5000",network_peer_address="10.0.0.1",http_response_status_code="200",error_type=""';
  const second =
    'downstream="greeter",operation="hello",http_request_method="GET",server_address="greeter",server_port="5000",network_peer_address="10.0.0.2",http_response_status_code="503",error_type="remote_error"';
  await well(contextFor('http://10.0.0.1:5000'));
  await well(contextFor('http://10.0.0.1:5000'));
  await expect(failing(contextFor('http://10.0.0.2'))).rejects.toThrow('failed');
  expect([await count(first), await count(second)]).toEqual([2, 1]);

  known = ['http://10.0.0.1:5000'];
  expect([await count(first), await count(second)]).toEqual([2, 0]);
  expect(await registry.metrics()).not.toContain('10.0.0.2');
});

test('late attempts and waits are counted, from 0', async () => {
  const registry = new Registry();
  const { onEvent } = callMetrics(registry).forDownstream('greeter', greeterContract);
  expect(await registry.metrics()).toContain('client_late_attempts_total{downstream="greeter"} 0');
  onEvent({ type: 'late', attempt: 1 });
  expect(await registry.metrics()).toContain('client_late_attempts_total{downstream="greeter"} 1');
  onEvent({ type: 'waited', outcome: 'refused', waitedMs: 250 });
  const waits = (outcome: string, count: number) =>
    `client_recovery_waits_total{downstream="greeter",outcome="${outcome}"} ${count}`;
  expect(await registry.metrics()).toContain(waits('refused', 1));
  expect(await registry.metrics()).toContain(waits('admitted', 0));
});

test('what each success earns is read when asked, where somebody knows it', async () => {
  const registry = new Registry();
  const metrics = callMetrics(registry);
  const gauges = { inFlight: () => 0, retryBudgetRemaining: () => 0, breakers: () => [] };
  metrics.forDownstream('greeter', greeterContract).watch({ ...gauges, retryRatio: () => 0.5 });
  metrics.forDownstream('other', greeterContract).watch(gauges);
  const text = await registry.metrics();
  expect(text).toContain('client_retry_ratio{downstream="greeter"} 0.5');
  expect(text).not.toContain('client_retry_ratio{downstream="other"}');
});
