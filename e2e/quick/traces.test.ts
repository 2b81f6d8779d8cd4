import { readConfig } from '@halfopen/greeter/config';
import { describe, expect, test, vi } from 'vitest';
import { timed } from '../harness/machine-lateness.ts';
import { otlpReceiver, type ReceivedSpan } from '../harness/otlp-receiver.ts';
import { spawnEdge, spawnGreeter } from '../harness/process.ts';
import { deadUrl, get, PATIENT, standIn } from '../harness/system.ts';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER = '00f067aa0ba902b7';
const sampled = { traceparent: `00-${TRACE_ID}-${CALLER}-01` };

/** Both services as processes that send their spans to a receiver of the test's. */
async function tracedSystem(env: Readonly<Record<string, string>> = {}) {
  const { url, spans } = await otlpReceiver();
  const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: url, FAULTS: 'on', ...PATIENT, ...env };
  const greeter = spawnGreeter(traced);
  const greeterAt = await greeter.listening;
  const edge = spawnEdge({ ...traced, GREETER_URL: greeterAt.url });
  const edgeAt = await edge.listening;
  /** What a service holds back is sent as it stops. */
  const stop = async () => {
    edge.signal('SIGTERM');
    await edge.exited;
    greeter.signal('SIGTERM');
    await greeter.exited;
    return spans;
  };
  return { url: edgeAt.url, greeterOps: greeterAt.opsUrl, stop, output: () => edge.output() + greeter.output() };
}

const named = (spans: readonly ReceivedSpan[], name: string, service = 'edge') =>
  spans.filter((span) => span.name === name && span.service === service).toSorted((a, b) => a.startMs - b.startMs);

describe('spans', () => {
  test('a retried request is one tree over both services, with every decision and fault in it', async () => {
    const { url, greeterOps, stop, output } = await tracedSystem();
    const plan = { faults: [{ id: 'first-two', status: 503, count: 2 }] };
    const put = await fetch(`${greeterOps}/faults`, { method: 'PUT', body: JSON.stringify(plan) });
    expect(put.status).toBe(200);
    expect((await get(`${url}/hello?name=s3cret`, sampled)).status).toBe(200);
    const spans = await stop();

    expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([TRACE_ID]));
    expect(spans).toHaveLength(8);
    const [root] = named(spans, 'GET /hello').filter(({ kind }) => kind === 2);
    const [call] = named(spans, 'greeter/hello');
    const attempts = named(spans, 'GET /hello').filter(({ kind }) => kind === 3);
    const answered = named(spans, 'GET /hello', 'greeter');
    expect(root).toMatchObject({
      parentSpanId: CALLER,
      failed: false,
      attributes: { 'http.request.method': 'GET', 'http.route': '/hello', 'http.response.status_code': 200 },
    });
    expect(call).toMatchObject({
      kind: 3,
      parentSpanId: root?.spanId,
      failed: false,
      attributes: { 'rpc.service': 'greeter', 'rpc.method': 'hello', 'halfopen.attempts': 3 },
    });
    expect(attempts.map(({ parentSpanId }) => parentSpanId)).toEqual([call?.spanId, call?.spanId, call?.spanId]);
    expect(answered.map(({ parentSpanId }) => parentSpanId)).toEqual(attempts.map(({ spanId }) => spanId));
    const of = (key: string) => attempts.map(({ attributes }) => attributes[key]);
    expect(of('http.request.resend_count')).toEqual([undefined, 1, 2]);
    expect(of('http.response.status_code')).toEqual([503, 503, 200]);
    expect(of('error.type')).toEqual(['remote_error', 'remote_error', undefined]);
    expect(attempts.map(({ failed }) => failed)).toEqual([true, true, false]);
    expect(call?.events.map(({ name }) => name)).toEqual([
      'breaker verdict',
      'backoff',
      'breaker verdict',
      'backoff',
      'breaker verdict',
    ]);
    const fault = { name: 'fault injected', attributes: { 'halfopen.fault': 'first-two' } };
    expect(attempts.map(({ events }) => events)).toEqual([[fault], [fault], []]);
    expect(answered.map(({ events }) => events)).toEqual([[fault], [fault], []]);
    for (const span of spans) expect(span.endMs).toBeGreaterThanOrEqual(span.startMs);

    // The log lines of both services lead to the spans.
    const lines = output()
      .split('\n')
      .filter((line) => line.includes('"msg":"request"'))
      .map((line) => JSON.parse(line));
    expect(new Set(lines.map(({ spanId }) => spanId))).toEqual(
      new Set([root?.spanId, ...answered.map(({ spanId }) => spanId)]),
    );
    // What the caller typed is in no span.
    expect(JSON.stringify(spans)).not.toContain('s3cret');
  });

  test('a refusal says which policy it was: an empty budget, then an open breaker', async () => {
    const { url, stop } = await tracedSystem({
      GREETER_CALL_BREAKER_MINIMUM_CALLS: '4',
      GREETER_CALL_RETRY_BUDGET: '1',
    });
    for (let n = 0; n < 4; n++) await get(`${url}/hello`, { ...sampled, 'x-fault': 'status=503' });
    const spans = await stop();
    const calls = named(spans, 'greeter/hello');
    const refusals = calls.map(
      ({ events }) => events.find(({ name }) => name === 'rejected')?.attributes['error.type'],
    );
    expect(calls.map(({ failed }) => failed)).toEqual([true, true, true, true]);
    expect(refusals).toEqual(['budget_exhausted', 'budget_exhausted', 'budget_exhausted', 'breaker_open']);
  });

  test('what is not sampled is not recorded, nor is its share of the others', async () => {
    const { url, stop } = await tracedSystem({
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.5',
    });
    const unsampled = { traceparent: `00-${TRACE_ID}-${CALLER}-00` };
    for (let n = 0; n < 5; n++) await get(`${url}/hello`, unsampled);
    for (let n = 0; n < 60; n++) await get(`${url}/hello`);
    const spans = await stop();
    expect(spans.map(({ traceId }) => traceId)).not.toContain(TRACE_ID);
    const requests = spans.filter(({ service, kind }) => service === 'edge' && kind === 2);
    // 60 draws at 0.5: outside of this once in ten million runs.
    expect(requests.length).toBeGreaterThan(9);
    expect(requests.length).toBeLessThan(51);
    // Half a trace is none: what the edge records, the greeter does, too.
    expect(spans).toHaveLength(4 * requests.length);
  });

  test('a collector that is down costs a line in the log, and neither requests nor the stop', async () => {
    const edge = spawnEdge({ OTEL_EXPORTER_OTLP_ENDPOINT: deadUrl(), GREETER_URL: deadUrl() });
    const { url } = await edge.listening;
    for (let n = 0; n < 3; n++) await get(`${url}/hello`);
    await vi.waitFor(() => expect(edge.output()).toContain('spans are lost'), { timeout: 20_000 });
    const { answer: exitCode, ownMs } = await timed(() => {
      edge.signal('SIGTERM');
      return edge.exited;
    });
    expect(exitCode).toBe(0);
    expect(ownMs).toBeLessThan(5_000);
    const complaints = edge.output().match(/^.*spans are lost.*$/gm);
    expect(complaints).toHaveLength(1);
    expect(JSON.parse(complaints?.[0] ?? '{}')).toMatchObject({ level: 'warn', code: 'ECONNREFUSED' });
  });

  test('a resource is described by the operator', async () => {
    const { url, stop } = await tracedSystem({
      OTEL_RESOURCE_ATTRIBUTES:
        'service.name=other,service.namespace=shop, k8s.pod.name=p%2C1,deployment.environment=test',
    });
    await get(`${url}/hello`);
    for (const { resource } of await stop()) {
      expect(resource).toMatchObject({
        'service.name': 'other',
        'service.namespace': 'shop',
        'k8s.pod.name': 'p,1',
        'deployment.environment': 'test',
      });
    }
  });

  test('OTEL_SERVICE_NAME counts more than an attribute', async () => {
    const { url, stop } = await tracedSystem({
      OTEL_SERVICE_NAME: 'shop-edge',
      OTEL_RESOURCE_ATTRIBUTES: 'service.name=other',
    });
    await get(`${url}/hello`);
    const spans = await stop();
    expect(spans.length).toBeGreaterThan(0);
    expect(new Set(spans.map(({ service }) => service))).toEqual(new Set(['shop-edge']));
  });

  test.each([
    ['OTEL_SDK_DISABLED', 'true'],
    ['OTEL_TRACES_EXPORTER', 'none'],
  ])('%s=%s: nothing is sent', async (name, value) => {
    const { url, stop } = await tracedSystem({ [name]: value });
    expect((await get(`${url}/hello`)).status).toBe(200);
    expect(await stop()).toEqual([]);
  });

  test('an endpoint for traces alone is enough; protobuf is sent as protobuf', async () => {
    const sent: [string | undefined, string | undefined][] = [];
    const collector = await standIn((req, res) => {
      sent.push([req.url, req.headers['content-type']]);
      req.resume();
      res.end();
    });
    const greeter = spawnGreeter({
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/here`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    });
    const { url } = await greeter.listening;
    await get(`${url}/hello`);
    greeter.signal('SIGTERM');
    await greeter.exited;
    expect(sent).toEqual([['/here', 'application/x-protobuf']]);
  });

  test.each([
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
    ['OTEL_TRACES_EXPORTER', 'zipkin'],
    ['OTEL_METRICS_EXPORTER', 'otlp'],
    ['OTEL_LOGS_EXPORTER', 'otlp'],
    ['OTEL_PROPAGATORS', 'b3'],
    ['OTEL_SDK_DISABLED', 'yes'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'k8s.pod.name'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'a=%zz'],
    ['OTEL_BSP_MAX_QUEUE_SIZE', '5'],
    ['OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', '5'],
  ])('what cannot be honoured is refused by name: %s=%s', (name, value) => {
    expect(() => readConfig({ [name]: value })).toThrow(name);
  });

  test('a sampler that does not exist, or an endpoint that is none, stops the service', async () => {
    const edge = spawnEdge({ OTEL_TRACES_SAMPLER: 'sometimes', OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' });
    expect(await edge.exited).toBe(1);
    expect(edge.output()).toMatch(/OTEL_TRACES_SAMPLER="sometimes" is not one of always_on, /);
    expect(edge.output()).toContain('OTEL_EXPORTER_OTLP_ENDPOINT="collector:4318" is not an http or https URL');
  });
});

/** Over the wire, what the tests of the W3C ask of a service; the headers in every detail are a matter of unit tests. */
describe.each([
  ['without a collector', {}],
  ['with one', { collector: true }],
])('trace context, %s', (_, { collector = false }: { collector?: boolean }) => {
  /** Sends requests through an edge; resolves to the trace context of each attempt that its downstream got. */
  async function passedOn(requests: readonly Record<string, string>[], answers: readonly number[] = []) {
    const seen: { traceparent: string; tracestate: string | undefined }[] = [];
    const greeter = await standIn((req, res) => {
      const { traceparent = '', tracestate } = req.headers;
      seen.push({ traceparent: String(traceparent), tracestate: tracestate && String(tracestate) });
      const status = answers[seen.length - 1] ?? 200;
      res
        .writeHead(status, { 'content-type': 'application/json' })
        .end(status === 200 ? '{"message":"Hello, World!"}' : '{}');
    });
    const endpoint = collector ? { OTEL_EXPORTER_OTLP_ENDPOINT: (await otlpReceiver()).url } : {};
    const edge = spawnEdge({ GREETER_URL: greeter.url, ...PATIENT, ...endpoint });
    const { url } = await edge.listening;
    for (const headers of requests) expect((await get(`${url}/hello`, headers)).status).toBe(200);
    return seen;
  }

  test('goes on with a new parent id, begins anew where it is broken, and says what is random', async () => {
    const tracestate = 'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7';
    const [valid, unsampled, broken, none, alone] = await passedOn([
      { traceparent: `00-${TRACE_ID}-${CALLER}-03`, tracestate },
      { traceparent: `00-${TRACE_ID}-${CALLER}-00`, tracestate: `${tracestate},congo=1` },
      { traceparent: `00-${TRACE_ID}-${CALLER}-01.`, tracestate },
      {},
      { tracestate },
    ]);
    expect(valid?.traceparent).toMatch(new RegExp(`^00-${TRACE_ID}-(?!${CALLER})[0-9a-f]{16}-03$`));
    expect(valid?.tracestate).toBe(tracestate);
    expect(unsampled?.traceparent).toMatch(new RegExp(`^00-${TRACE_ID}-(?!${CALLER})[0-9a-f]{16}-00$`));
    // The key that came twice is there once: the first member, which is the latest.
    expect(unsampled?.tracestate).toBe(tracestate);
    for (const anew of [broken, none, alone]) {
      // Of ours, the trace id is random; it is sampled where somebody records it.
      expect(anew?.traceparent).toMatch(
        new RegExp(`^00-(?!${TRACE_ID})(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0${collector ? 3 : 2}$`),
      );
      expect(anew?.tracestate).toBeUndefined();
    }
  });

  test('each attempt of a call has a parent id of its own', async () => {
    const attempts = await passedOn([sampled], [503, 503]);
    const ids = attempts.map(({ traceparent }) => traceparent.split('-').slice(1, 3));
    expect(ids.map(([traceId]) => traceId)).toEqual([TRACE_ID, TRACE_ID, TRACE_ID]);
    expect(new Set([CALLER, ...ids.map(([, parentId]) => parentId)]).size).toBe(4);
  });
});
