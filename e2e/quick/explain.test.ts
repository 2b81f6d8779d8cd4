import { describe, expect, test } from 'vitest';
import { measureLateness, nowMs } from '../harness/machine-lateness.ts';
import {
  type Answer,
  get,
  PATIENT,
  type Running,
  standIn,
  startEdge,
  startGreeter,
  startSystem,
} from '../harness/system.ts';

const ask = { 'x-explain': '1' };

const explained = ({ headers }: Answer) => JSON.parse(String(headers['x-explain']));

const sum = (parts: Readonly<Record<string, number>>) => Object.values(parts).reduce((all, ms) => all + ms, 0);

function timings({ headers }: Answer): Record<string, number> {
  const entries = String(headers['server-timing']).split(', ');
  return Object.fromEntries(
    entries.map((entry) => {
      const [, name = '', ms] = /^([a-z]+);dur=([\d.]+)$/.exec(entry) ?? [];
      return [name, Number(ms)];
    }),
  );
}

/** The parts are the whole, and the whole is what the edge itself has measured, of which the caller has seen a little more. */
function expectSound(answer: Answer, { loggedMs, noiseMs }: { readonly loggedMs: number; readonly noiseMs: number }) {
  const { totalMs, parts, deadline } = explained(answer);
  expect(sum(parts)).toBeCloseTo(totalMs, 1);
  // The log counts until the last byte is handed over: on a busy machine later than the headers.
  expect(loggedMs - totalMs).toBeGreaterThan(-0.1);
  expect(loggedMs - totalMs - noiseMs).toBeLessThan(50);
  expect(answer.tookMs).toBeGreaterThan(totalMs);
  expect(deadline.leftMs).toBeCloseTo(deadline.allowedMs - totalMs, 1);
  const { total, ...timed } = timings(answer);
  expect(total).toBe(totalMs);
  expect(timed).toEqual(parts);
}

/** An answer, how long the edge says in its log that it took, and how late the machine made timers meanwhile. */
async function askOnce(edge: Running, path: string, headers: Record<string, string>) {
  const lateness = await measureLateness();
  const from = nowMs();
  const answer = await get(edge.url + path, headers);
  const id = answer.headers['x-request-id'];
  const line = () => edge.log().find(({ msg, requestId }) => msg === 'request' && requestId === id);
  await expect.poll(line).toBeDefined();
  const noiseMs = (await lateness.stop()).between(from, nowMs());
  return { answer, logged: { loggedMs: Number(line()?.durationMs), noiseMs } };
}

describe('x-explain: 1', () => {
  test('a request that was retried says what it waited for, and why', async () => {
    const { edge, greeter } = await startSystem();
    const plan = { faults: [{ id: 'first-two', status: 503, delayMs: 30, count: 2 }] };
    await fetch(`${greeter.opsUrl}/faults`, { method: 'PUT', body: JSON.stringify(plan) });
    const { answer, logged } = await askOnce(edge, '/hello?name=John', { ...ask, 'x-deadline-ms': '1500' });
    expect(answer.json).toEqual({ message: 'Hello, John!' });
    expectSound(answer, logged);
    const { parts, calls, deadline } = explained(answer);
    expect(deadline.allowedMs).toBe(1_500);
    const failure = {
      endpoint: greeter.url,
      outcome: 'remote_error',
      status: 503,
      fault: 'first-two',
      breaker: { state: 'closed', verdict: 'failure' },
    };
    expect(calls).toMatchObject([
      {
        downstream: 'greeter',
        operation: 'hello',
        outcome: 'success',
        retryBudget: { before: 3, after: 1.1 },
        attempts: [
          { attempt: 1, ...failure },
          { attempt: 2, ...failure },
          { attempt: 3, outcome: 'success', status: 200, breaker: { state: 'closed', verdict: 'success' } },
        ],
        backoffs: [
          { afterAttempt: 1, because: 'remote_error' },
          { afterAttempt: 2, because: 'remote_error' },
        ],
      },
    ]);
    const [call] = calls;
    expect(parts.attempts).toBeGreaterThanOrEqual(60);
    expect(parts.attempts).toBeCloseTo(sum(call.attempts.map(({ tookMs }: { tookMs: number }) => tookMs)), 0);
    // A timer may be early by what the clock rounds.
    const planned = sum(call.backoffs.map(({ delayMs }: { delayMs: number }) => delayMs));
    expect(parts.backoff).toBeGreaterThan(planned - 3);
  });

  test('a failure is explained as well: out of time, in the middle of an attempt', async () => {
    const { edge } = await startSystem();
    const { answer, logged } = await askOnce(edge, '/hello', { ...ask, 'x-fault': 'hang', 'x-deadline-ms': '200' });
    expect(answer.status).toBe(504);
    expectSound(answer, logged);
    expect(explained(answer).calls).toMatchObject([{ outcome: 'deadline_exceeded', attempts: [{ attempt: 1 }] }]);
    // Whatever else took time was the machine.
    expect(explained(answer).parts.attempts + logged.noiseMs).toBeGreaterThan(150);
  });

  test('a spent budget and an open breaker are named', async () => {
    const greeter = await startGreeter({ FAULTS: 'on' });
    const edge = await startEdge(greeter.url, {
      FAULTS: 'on',
      GREETER_CALL_BREAKER_MINIMUM_CALLS: '3',
      GREETER_CALL_RETRY_BUDGET: '1',
      // Open until the test has looked, on a slow machine too.
      GREETER_CALL_BREAKER_OPEN_MS: '60000',
      GREETER_CALL_BREAKER_MAX_OPEN_MS: '60000',
    });
    const failing = { ...ask, 'x-fault': 'status=503' };
    const spent = await get(`${edge.url}/hello`, failing);
    expect(spent.json.code).toBe('budget_exhausted');
    expect(explained(spent).calls[0]).toMatchObject({
      rejected: ['budget_exhausted'],
      retryBudget: { before: 1, after: 0 },
      attempts: [{ attempt: 1 }, { attempt: 2 }],
    });
    for (let n = 0; n < 4; n++) await get(`${edge.url}/hello`, failing);
    const { answer: refused, logged } = await askOnce(edge, '/hello', ask);
    expect(refused.json.code).toBe('breaker_open');
    expectSound(refused, logged);
    expect(explained(refused).calls[0]).toMatchObject({
      outcome: 'breaker_open',
      attempts: [],
      rejected: ['breaker_open'],
    });
  });

  test('waiting in the bulkhead is the part `queue`', async () => {
    const held: (() => void)[] = [];
    const greeter = await standIn((_req, res) => {
      const answer = () => res.writeHead(200, { 'content-type': 'application/json' }).end('{"message":"Hi"}');
      if (held.length === 0) held.push(answer);
      else answer();
    });
    const edge = await startEdge(greeter.url, { EDGE_EXPLAIN: 'on', GREETER_CALL_MAX_IN_FLIGHT: '1', ...PATIENT });
    const status = async () => (await get(`${edge.opsUrl}/downstreams`)).json.greeter;
    const first = get(`${edge.url}/hello`);
    await expect.poll(status).toMatchObject({ inFlight: 1, queued: 0 });
    const second = get(`${edge.url}/hello`, ask);
    await expect.poll(status).toMatchObject({ inFlight: 1, queued: 1 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    for (const answer of held) answer();
    expect((await first).status).toBe(200);
    const waited = await second;
    const { parts, totalMs } = explained(waited);
    expect(parts.queue).toBeGreaterThan(10);
    expect(parts.queue).toBeLessThan(totalMs);
  });

  test('it is allowed by FAULTS or by its own setting, asked for by 1, and never there unasked', async () => {
    const greeter = await startGreeter();
    const edges = {
      off: await startEdge(greeter.url),
      on: await startEdge(greeter.url, { EDGE_EXPLAIN: 'on' }),
      faults: await startEdge(greeter.url, { FAULTS: 'on' }),
    };
    const asked = async (edge: { url: string }, headers = {}) => (await get(`${edge.url}/hello`, headers)).headers;
    expect(await asked(edges.off, ask)).not.toHaveProperty('x-explain');
    for (const edge of [edges.on, edges.faults]) {
      expect(await asked(edge, ask)).toHaveProperty('x-explain');
      expect(await asked(edge)).not.toHaveProperty('x-explain');
      expect(await asked(edge)).not.toHaveProperty('server-timing');
      const wrong = await get(`${edge.url}/hello`, { 'x-explain': 'yes' });
      expect([wrong.status, wrong.json.detail]).toEqual([400, 'x-explain must be 1, or left out']);
    }
  });

  test.each(['"}é', 'x'.repeat(5_000), ''])('what is no fault id is not passed on as one: %.10j', async (fault) => {
    const hostile = await standIn((_req, res) => {
      res.setHeader('x-fault-injected', fault);
      res.writeHead(200, { 'content-type': 'application/json' }).end('{"message":"Hello, World!"}');
    });
    const edge = await startEdge(hostile.url, { EDGE_EXPLAIN: 'on' });
    const answer = await get(`${edge.url}/hello`, ask);
    expect(answer.status).toBe(200);
    expect(explained(answer).calls[0].attempts).toHaveLength(1);
    expect(explained(answer).calls[0].attempts[0]).not.toHaveProperty('fault');
  });
});
