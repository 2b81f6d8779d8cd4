/** A caller who leaves, over three processes: this one, the edge, the greeter. */
import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { measureLateness, nowMs } from '../harness/machine-lateness.ts';
import { spawnEdge, spawnGreeter } from '../harness/process.ts';
import { get, PATIENT, rawStandIn } from '../harness/system.ts';

const WITHIN_MS = 100;

test('a caller leaves: the connection to the greeter closes within 100 ms, and the greeter stops working', async () => {
  const greeter = spawnGreeter({ ...PATIENT, FAULTS: 'on', LOG_LEVEL: 'debug' });
  const { url: greeterUrl, opsUrl } = await greeter.listening;
  // Between the two, to see when the edge lets go.
  const edgeSide: Socket[] = [];
  const between = await rawStandIn((socket) => {
    edgeSide.push(socket);
    const { port, hostname } = new URL(greeterUrl);
    const onwards = connect({ port: Number(port), host: hostname });
    onwards.on('error', () => socket.destroy());
    onTestFinished(() => {
      onwards.destroy();
    });
    socket.pipe(onwards).pipe(socket);
    socket.on('close', () => onwards.destroy());
  });
  const edge = spawnEdge({ GREETER_URL: between, FAULTS: 'on', ...PATIENT });
  const { url, opsUrl: edgeOpsUrl } = await edge.listening;
  // The first request of a process takes longer than the others.
  await get(`${url}/hello`);

  const lateness = await measureLateness();
  const caller = new AbortController();
  const headers = { 'x-request-id': 'left-alone', 'x-fault': 'delay=9000' };
  const answer = fetch(`${url}/hello`, { signal: caller.signal, headers }).catch((error: Error) => error.name);
  const inProgress = async () => (await get(`${opsUrl}/metrics`)).text.includes('requests{state="in_progress"} 1\n');
  await expect.poll(inProgress, { interval: 10 }).toBe(true);

  const busy = edgeSide.filter((socket) => !socket.destroyed).at(-1) as Socket;
  const closed = new Promise<number>((resolve) => {
    busy.once('end', () => resolve(nowMs()));
    busy.once('close', () => resolve(nowMs()));
  });
  const leftAt = nowMs();
  caller.abort();
  expect(await answer).toBe('AbortError');
  const closedAt = await closed;
  await expect.poll(inProgress, { interval: 5 }).toBe(false);
  const stoppedAt = nowMs();
  const { between: noise } = await lateness.stop();
  expect(closedAt - leftAt, 'until the connection closed, ms').toBeLessThan(WITHIN_MS + noise(leftAt, closedAt));
  expect(stoppedAt - leftAt, 'until the greeter stopped, ms').toBeLessThan(WITHIN_MS + noise(leftAt, stoppedAt));

  const lineOf = (process: typeof edge) =>
    process
      .output()
      .split('\n')
      .filter((line) => line.includes('"left-alone"') && line.includes('"msg":"request"'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  await expect.poll(() => lineOf(greeter)).toMatchObject([{ status: 499, outcome: 'cancelled' }]);
  const metrics = (await get(`${opsUrl}/metrics`)).text;
  // The delay was called off: no greeting was made for nobody.
  expect(metrics).toContain('wasted_work_seconds_total 0\n');
  expect((await get(`${edgeOpsUrl}/metrics`)).text).toContain('client_in_flight{downstream="greeter"} 0\n');
});
