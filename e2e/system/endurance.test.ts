/** A long outage at load in front of the real edge process: memory and sockets stay flat, and nothing is left over. */
import { createServer } from 'node:http';
import { freePort } from '@halfopen/runner';
import { expect, onTestFinished, test } from 'vitest';
import { late, openLoop } from '../harness/open-loop.ts';
import { spawnEdge } from '../harness/process.ts';
import { connectionsTo, residentMb, socketsOf } from '../harness/process-usage.ts';
import { get } from '../harness/system.ts';

const RATE = 200;
const DEADLINE_MS = 2_000;
/** Default of GREETER_CALL_MAX_IN_FLIGHT: connections to the greeter at the most. */
const MAX_IN_FLIGHT = 128;

/** Length of the outage in seconds. The short one sees what 10 kB a request add up to, one of ten minutes (600) 300 bytes. */
const OUTAGE_S = Number(process.env.HALFOPEN_OUTAGE_S ?? '20');
if (!(OUTAGE_S >= 12)) throw new Error(`HALFOPEN_OUTAGE_S=${process.env.HALFOPEN_OUTAGE_S}: set it to 12 s or more`);

/** In which ways it is broken, and for how long in each before the next. */
const WAYS = ['silence', 'reset', 'refused'] as const;
const WAY_MS = 2_000;

/**
 * V8 lets garbage lie while there is memory for it. With little, it collects, and what is left is what something holds:
 * a leak shows as growth, and a large one ends the process.
 */
const LITTLE_MEMORY = '--max-old-space-size=64 --max-semi-space-size=2';
const MOST_GROWTH_MB = 20;

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

async function outage() {
  const port = await freePort();
  let way: (typeof WAYS)[number] | undefined;
  const server = createServer((_req, res) => {
    if (way === 'reset') res.socket?.resetAndDestroy();
  });
  const refuse = () => {
    server.close();
    server.closeAllConnections();
  };
  onTestFinished(refuse);
  return {
    url: `http://127.0.0.1:${port}`,
    onTick: (elapsedMs: number) => {
      const next = WAYS[Math.floor(elapsedMs / WAY_MS) % WAYS.length];
      if (next === way) return;
      way = next;
      if (way === 'refused') refuse();
      else if (!server.listening) server.listen(port, '127.0.0.1');
    },
  };
}

test(`an outage of ${OUTAGE_S} s, silence, resets and refusals in turn`, {
  timeout: (OUTAGE_S + 60) * 1_000,
}, async () => {
  const greeter = await outage();
  const edge = spawnEdge({ GREETER_URL: greeter.url, LOG_LEVEL: 'silent', NODE_OPTIONS: LITTLE_MEMORY });
  const { url, opsUrl } = await edge.listening;
  const socketsBefore = socketsOf(edge);

  const usage: { readonly rssMb: number; readonly connections: number }[] = [];
  const seen = await openLoop(url, {
    rate: RATE,
    durationMs: OUTAGE_S * 1_000,
    onTick: (elapsedMs) => {
      greeter.onTick(elapsedMs);
      if (elapsedMs < usage.length * 100) return;
      const { made, waiting } = connectionsTo(greeter.url);
      usage.push({ rssMb: residentMb(edge), connections: made + waiting });
    },
  });

  // What is loaded, compiled and filled once is so in the first quarter.
  const quarter = usage.length / 4;
  const [second, last] = [usage.slice(quarter, 2 * quarter), usage.slice(3 * quarter)];
  const growthMb = median(last.map(({ rssMb }) => rssMb)) - median(second.map(({ rssMb }) => rssMb));
  expect(growthMb, 'growth, MB').toBeLessThan(MOST_GROWTH_MB);

  // An open breaker lets one probe through.
  expect(Math.max(...usage.map(({ connections }) => connections))).toBeLessThanOrEqual(MAX_IN_FLIGHT);
  expect(Math.max(...last.map(({ connections }) => connections))).toBeLessThanOrEqual(2);

  expect(seen.filter(({ status }) => ![502, 503, 504].includes(status))).toEqual([]);
  expect(late(seen, DEADLINE_MS)).toEqual([]);

  // The callers have gone, too.
  await expect.poll(() => socketsOf(edge), { timeout: 5_000 }).toBe(socketsBefore);
  await expect
    .poll(async () => (await get(`${opsUrl}/metrics`)).text)
    .toContain('client_in_flight{downstream="greeter"} 0\n');
});
