import { request } from 'undici';
import { describe, expect, test } from 'vitest';
import { get, startGreeter, startSystem } from './system.ts';

async function put(url: string, body: string) {
  const answer = await request(`${url}/faults`, { method: 'PUT', body });
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into whatever came back
  return { status: answer.statusCode, json: (await answer.body.json()) as any };
}

describe('x-fault: one request', () => {
  test.each([
    ['status=500', 502, 'remote_error'],
    ['status=503', 502, 'remote_error'],
    ['status=404', 502, 'remote_refused'],
    ['reset', 502, 'connection_lost'],
    ['truncate', 502, 'bad_response'],
    ['malformed', 502, 'bad_response'],
    ['wrongType', 502, 'bad_response'],
    ['hang', 504, 'attempt_timeout'],
    ['delay=5000', 504, 'attempt_timeout'],
  ])('%s → %i %s, and the next request is well', async (fault, status, code) => {
    const { edge } = await startSystem({ GREETER_CALL_ATTEMPTS: '2', GREETER_CALL_ATTEMPT_TIMEOUT_MS: '200' });
    const answer = await get(`${edge.url}/hello`, { 'x-fault': fault });
    expect([answer.status, answer.json.code]).toEqual([status, code]);
    expect((await get(`${edge.url}/hello`)).status).toBe(200);
  });

  test('a delay alone only delays', async () => {
    const { edge } = await startSystem();
    const answer = await get(`${edge.url}/hello`, { 'x-fault': 'delay=150' });
    expect([answer.status, answer.json]).toEqual([200, { message: 'Hello, World!' }]);
    expect(answer.tookMs).toBeGreaterThan(145);
  });

  test('an injected 503 asks for no wait unless told to', async () => {
    const greeter = await startGreeter({ FAULTS: 'on' });
    const plain = await get(`${greeter.url}/hello`, { 'x-fault': 'status=503' });
    expect([plain.status, plain.headers['retry-after'], plain.json.title]).toEqual([503, undefined, 'Injected fault']);
    const asking = await get(`${greeter.url}/hello`, { 'x-fault': 'status=503,retryAfter=2' });
    expect(asking.headers['retry-after']).toBe('2');
  });

  test('what is not a fault is refused and says what would do', async () => {
    const greeter = await startGreeter({ FAULTS: 'on' });
    const { status, json } = await get(`${greeter.url}/hello`, { 'x-fault': 'explode' });
    expect([status, json.code]).toEqual([400, 'bad_request']);
    expect(json.detail).toContain('x-fault "explode" is refused');
  });

  test('without FAULTS=on it does nothing, and there is no switch', async () => {
    const { edge, greeter } = await startSystem({ FAULTS: 'off' });
    for (const { url } of [edge, greeter]) {
      expect((await get(`${url}/hello`, { 'x-fault': 'status=500' })).status).toBe(200);
    }
    expect((await put(greeter.opsUrl, '{"faults":[]}')).status).toBe(404);
  });
});

describe('PUT, GET, DELETE /faults: everybody', () => {
  test('a plan hits until it is taken back, spares probes, and is counted', async () => {
    const { edge, greeter } = await startSystem();
    const plan = '{"seed":5,"faults":[{"id":"down","status":500}]}';
    expect(await put(greeter.opsUrl, plan)).toMatchObject({ status: 200, json: { seed: 5, injected: { down: 0 } } });
    expect((await get(`${edge.url}/hello`)).json.code).toBe('remote_error');
    expect((await get(`${greeter.opsUrl}/livez`)).status).toBe(200);
    expect((await get(`${greeter.opsUrl}/faults`)).json.injected).toEqual({ down: 1 });
    expect((await get(`${greeter.opsUrl}/metrics`)).text).toContain('faults_injected_total{fault="down"} 1');
    expect((await get(`${greeter.opsUrl}/faults`, {}, 'DELETE')).json).toEqual({ seed: 1, faults: [], injected: {} });
    expect((await get(`${edge.url}/hello`)).status).toBe(200);
  });

  test('the first two attempts fail, the third is answered', async () => {
    const { edge, greeter } = await startSystem();
    await put(greeter.opsUrl, '{"faults":[{"id":"first-two","status":503,"count":2}]}');
    expect((await get(`${edge.url}/hello`)).status).toBe(200);
    expect((await get(`${edge.opsUrl}/metrics`)).text).toContain(
      'client_retries_total{downstream="greeter",reason="remote_error"} 2',
    );
  });

  test.each(['', 'null', '[]', '{"faults":[{"id":"x"}]}', '{"faults":', `{"faults":"${'x'.repeat(70_000)}"}`])(
    'a bad plan is refused whole, the one in force stays: %.30s',
    async (bad) => {
      const greeter = await startGreeter({ FAULTS: 'on' });
      await put(greeter.opsUrl, '{"faults":[{"id":"down","status":500}]}');
      const { status, json } = await put(greeter.opsUrl, bad);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
      expect(json.code).toBe('bad_request');
      expect((await get(`${greeter.url}/hello`)).status).toBe(500);
    },
  );
});
