/** A greeter that is slow but answers in time, in front of the real edge process: an outage would be of our own making. */
import { expect, test } from 'vitest';
import { countsOf, late, openLoop, successShare, warmUp } from '../harness/open-loop.ts';
import { spawnEdge } from '../harness/process.ts';
import { get, standIn } from '../harness/system.ts';

const RATE = 200;
const DEADLINE_MS = 2_000;
/** Default of GREETER_CALL_ATTEMPT_TIMEOUT_MS. */
const ATTEMPT_TIMEOUT_MS = 500;

test.each([300, 420])(
  '%d ms for every answer: its callers are answered, and the breaker stays closed',
  async (slowMs) => {
    let delayMs = 0;
    let hits = 0;
    const greeter = await standIn((_req, res) => {
      hits++;
      setTimeout(() => {
        res.writeHead(200, { 'content-type': 'application/json' }).end('{"message":"Hi"}');
      }, delayMs);
    });
    const edge = spawnEdge({ GREETER_URL: greeter.url, LOG_LEVEL: 'warn' });
    const { url, opsUrl } = await edge.listening;
    await warmUp(url);
    delayMs = slowMs;
    hits = 0;
    const seen = await openLoop(url, { rate: RATE, durationMs: 4_000 });
    expect(Object.keys(countsOf(seen))).not.toContain('503 breaker_open');
    // What took longer than an attempt may because the machine was busy is not the edge's doing.
    const failed = seen.filter(({ status, noiseMs }) => status !== 200 && slowMs + noiseMs < ATTEMPT_TIMEOUT_MS);
    expect(failed.length / seen.length, JSON.stringify(countsOf(seen))).toBeLessThan(0.05);
    expect(successShare(seen)).toBeGreaterThan(0.5);
    expect(hits / seen.length).toBeLessThanOrEqual(1.1);
    expect(late(seen, DEADLINE_MS)).toEqual([]);
    expect((await get(`${opsUrl}/downstreams`)).json.greeter).toMatchObject({ breaker: 'closed' });
  },
);
