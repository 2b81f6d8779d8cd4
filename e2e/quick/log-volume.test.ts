import { expect, test } from 'vitest';
import { spawnEdge } from '../harness/process.ts';
import { deadUrl, get } from '../harness/system.ts';

const REQUESTS = 1_000;

test('an outage writes a few lines a second, and the number of the others', async () => {
  const edge = spawnEdge({ GREETER_URL: deadUrl() });
  const { url } = await edge.listening;
  const startedAt = performance.now();
  let left = REQUESTS;
  const ask = async () => {
    while (left-- > 0) expect((await get(`${url}/hello`)).status).toBe(503);
  };
  await Promise.all(Array.from({ length: 20 }, ask));
  const tookS = (performance.now() - startedAt) / 1_000;
  edge.signal('SIGTERM');
  expect(await edge.exited).toBe(0);

  const lines: { msg: string; level: string; outcome?: string; repeated?: number; to?: string }[] = edge
    .output()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const requests = lines.filter(({ msg }) => msg === 'request');
  const repeated = lines.reduce((sum, line) => sum + (line.repeated ?? 0), 0);
  // Nothing is lost: what was not written was counted.
  expect(requests.length + repeated).toBe(REQUESTS);
  const kinds = new Set(requests.map(({ outcome }) => outcome));
  expect([...kinds]).toContain('breaker_open');
  expect(requests.length).toBeLessThanOrEqual(10 * kinds.size * (Math.ceil(tookS) + 1));
  // What explains the outage stands out.
  const warnings = lines.filter(({ level }) => level === 'warn');
  expect(warnings.some(({ msg, to }) => msg === 'breaker changed state' && to === 'open')).toBe(true);
  expect(warnings.filter(({ msg }) => msg.startsWith('retry budget is spent'))).toHaveLength(1);
});
