/** A greeter that is well for a second and broken for the next, again and again, in front of the real edge process. */
import { expect, test } from 'vitest';
import { late, openLoop, successShare, warmUp } from '../harness/open-loop.ts';
import { spawnEdge } from '../harness/process.ts';
import { get, standIn } from '../harness/system.ts';

const RATE = 200;
const DEADLINE_MS = 2_000;
const PHASE_MS = 1_000;
const PHASES = 12;
/** Earned by `warmUp` and the initial ones: what the budget holds as the flapping begins. */
const INITIAL_RETRIES = 13;

test('flapping, 503s and resets in turn', async () => {
  let phase = 0;
  let hits = 0;
  const greeter = await standIn((_req, res) => {
    hits++;
    if (phase % 2 === 0) res.writeHead(200, { 'content-type': 'application/json' }).end('{"message":"Hi"}');
    else if (phase % 4 === 1) res.writeHead(503).end();
    else res.socket?.resetAndDestroy();
  });
  const edge = spawnEdge({ GREETER_URL: greeter.url, LOG_LEVEL: 'warn' });
  const { url, opsUrl } = await edge.listening;
  await warmUp(url);
  hits = 0;
  const beganAt: number[] = [];
  const seen = await openLoop(url, {
    rate: RATE,
    durationMs: PHASES * PHASE_MS,
    onTick: (elapsedMs) => {
      phase = Math.floor(elapsedMs / PHASE_MS);
      beganAt[phase] ??= elapsedMs;
    },
  });
  beganAt.push(Number.POSITIVE_INFINITY);
  const phases = beganAt.slice(0, -1).map((began, index) => {
    const endsAt = beganAt[index + 1] ?? Number.POSITIVE_INFINITY;
    // Due and answered in this phase: what met both of two phases says nothing of either.
    return seen.filter(({ dueMs, tookMs }) => dueMs >= began && dueMs + tookMs < endsAt);
  });
  expect(hits, 'attempts').toBeLessThanOrEqual(1.1 * seen.length + INITIAL_RETRIES);
  const shares = phases.map(successShare);
  expect(shares.filter((share, index) => index % 2 === 1 && share > 0)).toEqual([]);
  // The breaker stays open for up to a second after a failed probe: a whole well phase may be lost, most must not be.
  const wellShares = shares.filter((_, index) => index % 2 === 0 && index > 0);
  const meanShare = wellShares.reduce((sum, share) => sum + share, 0) / wellShares.length;
  expect(meanShare, `success while well: ${wellShares.map((share) => share.toFixed(2)).join(' ')}`).toBeGreaterThan(
    0.4,
  );
  expect(late(seen, DEADLINE_MS)).toEqual([]);
  phase = 0;
  await expect.poll(async () => (await get(`${url}/hello`)).status, { timeout: 1_500, interval: 20 }).toBe(200);
  const { greeter: status } = (await get(`${opsUrl}/downstreams`)).json;
  expect(status).toMatchObject({ inFlight: 0, queued: 0 });
});
