import { Agent, request } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { spawnGreeter } from './process.ts';
import { get, standIn, startEdge, startGreeter } from './system.ts';

/** 20 at once, 100 ms each: nearly 200 requests a second. */
const NOMINAL_CAPACITY = 200;
const DEADLINE_MS = 500;

/** Asks at a constant rate, however long the answers take. Resolves to status and latency of each. */
async function ask(url: string, rate: number, seconds: number) {
  const agent = new Agent();
  onTestFinished(() => agent.destroy());
  const one = async () => {
    const sentAt = performance.now();
    const { statusCode, body, headers } = await request(`${url}/hello`, {
      dispatcher: agent,
      headers: { 'x-deadline-ms': String(DEADLINE_MS) },
    });
    await body.dump();
    return { status: statusCode, retryAfter: headers['retry-after'], tookMs: performance.now() - sentAt };
  };
  const answers: ReturnType<typeof one>[] = [];
  const startedAt = performance.now();
  while (answers.length < rate * seconds) {
    const due = Math.min(rate * seconds, Math.floor(((performance.now() - startedAt) / 1_000) * rate) + 1);
    while (answers.length < due) answers.push(one());
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return Promise.all(answers);
}

/** Answers a second to callers who ask as fast as they are answered, as many as there are places. */
async function capacityOf(url: string): Promise<number> {
  const agent = new Agent({ connections: 20 });
  onTestFinished(() => agent.destroy());
  const startedAt = performance.now();
  let answered = 0;
  const caller = async () => {
    while (performance.now() - startedAt < 1_000) {
      await (await request(`${url}/hello`, { dispatcher: agent })).body.dump();
      answered++;
    }
  };
  await Promise.all(Array.from({ length: 20 }, caller));
  return answered / ((performance.now() - startedAt) / 1_000);
}

describe('an overloaded greeter keeps its goodput', () => {
  test.each([2, 5])('at %i times its capacity', async (times) => {
    const greeter = spawnGreeter({ FAULTS: 'on', GREETER_MAX_IN_PROGRESS: '20', GREETER_MAX_QUEUED: '40' });
    const { url, opsUrl } = await greeter.listening;
    const plan = '{"faults":[{"id":"work","delayMs":100}]}';
    await (await request(`${opsUrl}/faults`, { method: 'PUT', body: plan })).body.dump();
    const seconds = 3;
    // Before and after, because this machine may have other things to do.
    const before = await capacityOf(url);
    const answers = await ask(url, NOMINAL_CAPACITY * times, seconds);
    const capacity = (before + (await capacityOf(url))) / 2;
    const good = answers.filter(({ status }) => status === 200);
    expect(capacity).toBeGreaterThan(NOMINAL_CAPACITY / 2);
    expect(good.length / seconds).toBeGreaterThanOrEqual(0.9 * capacity);
    expect(Math.max(...good.map(({ tookMs }) => tookMs))).toBeLessThan(DEADLINE_MS + 100);
    for (const { status, retryAfter } of answers) {
      if (status === 503) expect(retryAfter).toBe('1');
      else expect([200, 504]).toContain(status);
    }
    // Refusals are cheap and unlogged; probes do not queue.
    const lines = greeter.output().split('\n').length;
    expect(lines).toBeLessThan(answers.filter(({ status }) => status !== 503).length + 2 * capacity + 100);
    expect((await get(`${opsUrl}/readyz`)).tookMs).toBeLessThan(100);
    const metrics = (await get(`${opsUrl}/metrics`)).text;
    const refused = answers.filter(({ status }) => status === 503).length;
    expect(metrics).toContain(`server_rejected_total ${refused}`);
    expect(metrics).toContain('http_server_active_requests{state="in_progress"} 0');
    expect(metrics).toContain('http_server_active_requests{state="queued"} 0');
  });

  test('the place of a request is free when its work has ended, however it ended', async () => {
    const greeter = await startGreeter({ FAULTS: 'on', GREETER_MAX_IN_PROGRESS: '1', GREETER_MAX_QUEUED: '0' });
    for (const fault of ['status=500', 'reset', 'truncate', 'malformed', 'explode']) {
      await get(`${greeter.url}/hello?name=x`, { 'x-fault': fault }).catch(() => undefined);
    }
    const leaver = new AbortController();
    const gone = fetch(`${greeter.url}/hello`, { headers: { 'x-fault': 'delay=5000' }, signal: leaver.signal });
    const busy = async () =>
      (await get(`${greeter.opsUrl}/metrics`)).text.includes('active_requests{state="in_progress"} 1');
    await expect.poll(busy).toBe(true);
    expect((await get(`${greeter.url}/hello`)).json).toMatchObject({
      status: 503,
      code: 'overloaded',
      retryAfterMs: 1_000,
    });
    leaver.abort();
    await expect(gone).rejects.toThrow('abort');
    await expect.poll(busy).toBe(false);
    expect((await get(`${greeter.url}/hello`)).status).toBe(200);
  });

  test('the edge bounds its own work in the same way', async () => {
    const greeter = await standIn(() => undefined);
    const edge = await startEdge(greeter.url, { EDGE_MAX_IN_PROGRESS: '1', EDGE_MAX_QUEUED: '0' });
    const first = get(`${edge.url}/hello`, { 'x-deadline-ms': '400' });
    await expect.poll(() => greeter.sockets.size).toBe(1);
    expect((await get(`${edge.url}/hello`)).json.code).toBe('overloaded');
    expect((await first).status).toBe(504);
  });
});
