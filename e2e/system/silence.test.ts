/** A greeter that is there and says nothing, in front of the real edge process: stopped as a whole, or deaf to connections. */
import { connect, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { measureLateness, nowMs } from '../harness/machine-lateness.ts';
import { countsOf, late, openLoop, type Seen, warmUp } from '../harness/open-loop.ts';
import { spawnEdge, spawnGreeter, spawnScript } from '../harness/process.ts';
import { connectionsTo } from '../harness/process-usage.ts';
import { recoveryMs } from '../harness/recovery.ts';
import { get } from '../harness/system.ts';

const RATE = 200;
const DEADLINE_MS = 2_000;
/** Default of GREETER_CALL_MAX_IN_FLIGHT: connections to the greeter at the most. */
const MAX_IN_FLIGHT = 128;

/** At the instants of the schedule, in order, does what is due. */
function atInstants(...schedule: readonly (readonly [number, () => void])[]) {
  const left = [...schedule];
  const doneAt: number[] = [];
  return {
    /** When each was really done, in milliseconds since the loop began. */
    doneAt,
    onTick: (elapsedMs: number) => {
      while (left[0] !== undefined && elapsedMs >= left[0][0]) {
        left.shift()?.[1]();
        doneAt.push(elapsedMs);
      }
    },
  };
}

/** Due after the first instant and answered before the second. */
const within = (seen: readonly Seen[], fromMs: number, toMs: number) =>
  seen.filter(({ dueMs, tookMs }) => dueMs > fromMs && dueMs + tookMs < toMs);

describe('a greeter process that is stopped (SIGSTOP) and goes on two seconds later', () => {
  test('problems by the deadline meanwhile; back within 1.5 s; what it answers late reaches nobody', async () => {
    const greeter = spawnGreeter({ LOG_LEVEL: 'silent' });
    const edge = spawnEdge({ GREETER_URL: (await greeter.listening).url, LOG_LEVEL: 'warn' });
    const { url, opsUrl } = await edge.listening;
    await warmUp(url);
    const { onTick, doneAt } = atInstants(
      [500, () => greeter.signal('SIGSTOP')],
      [2_500, () => greeter.signal('SIGCONT')],
    );
    const seen = await openLoop(url, { rate: RATE, durationMs: 4_500, path: (n) => `/hello?name=${n}`, onTick });
    const [stoppedAt = 0, wentOnAt = 0] = doneAt;

    const wrong = seen.filter(({ status, n, json }) => status === 200 && json.message !== `Hello, ${n}!`);
    expect(wrong).toEqual([]);

    const meanwhile = within(seen, stoppedAt, wentOnAt);
    expect(meanwhile.length).toBeGreaterThan(RATE / 4);
    const codes = Object.keys(countsOf(meanwhile));
    const problems = ['504 attempt_timeout', '503 breaker_open', '503 budget_exhausted', '503 overloaded'];
    expect(codes.filter((code) => !problems.includes(code))).toEqual([]);
    expect(late(seen, DEADLINE_MS)).toEqual([]);
    expect(recoveryMs(seen, wentOnAt), 'recovery, ms').toBeLessThan(1_500);
    const { greeter: status } = (await get(`${opsUrl}/downstreams`)).json;
    expect(status).toMatchObject({ breaker: 'closed', inFlight: 0, queued: 0 });
  });
});

describe('a host that swallows connections: no answer to a SYN', () => {
  /** Fills the queue of connections that wait to be accepted, until further ones are left without an answer. */
  async function fill(url: string): Promise<Socket[]> {
    const { port, hostname } = new URL(url);
    const fillers = Array.from({ length: 6 }, () => connect(Number(port), hostname).on('error', () => undefined));
    onTestFinished(() => {
      for (const filler of fillers) filler.destroy();
    });
    await expect.poll(() => connectionsTo(url)).toEqual({ made: 2, waiting: 4 });
    return fillers;
  }

  test('nobody there, said in time and with few sockets; back within 1.5 s once it accepts again', async () => {
    const greeter = spawnScript('e2e/harness/reluctant-greeter.ts');
    const { url: greeterUrl } = await greeter.listening;
    const edge = spawnEdge({ GREETER_URL: greeterUrl, LOG_LEVEL: 'warn' });
    const { url, opsUrl } = await edge.listening;
    await warmUp(url);
    // On a connection that is kept, requests would be swallowed instead.
    greeter.signal('SIGUSR2');
    await expect.poll(() => connectionsTo(greeterUrl)).toEqual({ made: 0, waiting: 0 });
    greeter.signal('SIGSTOP');
    const fillers = await fill(greeterUrl);

    const lateness = await measureLateness();
    const startedAt = nowMs();
    const alone = await get(`${url}/hello`);
    const noiseMs = (await lateness.stop()).between(startedAt, nowMs());
    expect([alone.status, alone.json.code, alone.headers['retry-after']]).toEqual([503, 'unreachable', '1']);
    expect(alone.tookMs - noiseMs).toBeLessThan(DEADLINE_MS);

    let mostConnections = 0;
    const { onTick, doneAt } = atInstants([
      2_000,
      () => {
        for (const filler of fillers) filler.destroy();
        greeter.signal('SIGCONT');
      },
    ]);
    const seen = await openLoop(url, {
      rate: RATE,
      durationMs: 4_000,
      onTick: (elapsedMs) => {
        onTick(elapsedMs);
        if (doneAt.length > 0) return;
        const { made, waiting } = connectionsTo(greeterUrl);
        mostConnections = Math.max(mostConnections, made + waiting - fillers.length);
      },
    });
    const [acceptsAt = 0] = doneAt;
    const meanwhile = within(seen, 0, acceptsAt);
    const codes = Object.keys(countsOf(meanwhile));
    const problems = ['503 unreachable', '503 breaker_open', '503 budget_exhausted', '503 overloaded'];
    expect(codes.filter((code) => !problems.includes(code))).toEqual([]);
    expect(mostConnections).toBeGreaterThan(0);
    expect(mostConnections).toBeLessThanOrEqual(MAX_IN_FLIGHT);
    expect(late(seen, DEADLINE_MS)).toEqual([]);
    expect(recoveryMs(seen, acceptsAt), 'recovery, ms').toBeLessThan(1_500);
    const { greeter: status } = (await get(`${opsUrl}/downstreams`)).json;
    expect(status).toMatchObject({ breaker: 'closed', inFlight: 0, queued: 0 });
  });
});
