import { Agent, request } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { late, openLoop } from '../harness/open-loop.ts';
import { spawnGreeter } from '../harness/process.ts';
import { get, standIn, startEdge, startGreeter } from '../harness/system.ts';

/** 20 at once, 100 ms each: nearly 200 requests a second. */
const NOMINAL_CAPACITY = 200;
const DEADLINE_MS = 500;

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
    const answers = await openLoop(url, {
      rate: NOMINAL_CAPACITY * times,
      durationMs: seconds * 1_000,
      headers: { 'x-deadline-ms': String(DEADLINE_MS) },
    });
    const capacity = (before + (await capacityOf(url))) / 2;
    const good = answers.filter(({ status }) => status === 200);
    expect(capacity).toBeGreaterThan(NOMINAL_CAPACITY / 2);
    expect(good.length / seconds).toBeGreaterThanOrEqual(0.9 * capacity);
    expect(late(answers, DEADLINE_MS)).toEqual([]);
    for (const { status, headers } of answers) {
      if (status === 503) expect(headers['retry-after']).toBe('1');
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
