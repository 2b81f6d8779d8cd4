import { expect, test } from 'vitest';
import { timed } from '../harness/machine-lateness.ts';
import { get, standIn, startEdge } from '../harness/system.ts';

test('coalescing: a crowd with one question costs one request; off by default', async () => {
  let requests = 0;
  const greeter = await standIn((_req, res) => {
    requests++;
    setTimeout(() => res.writeHead(200, { 'content-type': 'application/json' }).end('{"message":"Hi"}'), 100);
  });
  for (const [coalesce, cost] of [
    ['on', 2],
    ['off', 20],
  ] as const) {
    requests = 0;
    const edge = await startEdge(greeter.url, { GREETER_CALL_COALESCE: coalesce });
    const names = Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? 'John' : 'Jane'));
    const answers = await Promise.all(names.map((name) => get(`${edge.url}/hello?name=${name}`)));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(requests).toBe(cost);
    expect(new Set(answers.map(({ headers }) => headers['x-request-id'])).size).toBe(20);
  }
});

test('hedging: the tail gets shorter, for a few per cent more requests', async () => {
  const slowest: number[] = [];
  for (const hedge of ['off', 'on']) {
    let requests = 0;
    const greeter = await standIn((_req, res) => {
      const delayMs = ++requests % 25 === 0 ? 300 : 5;
      setTimeout(() => res.writeHead(200, { 'content-type': 'application/json' }).end('{"message":"Hi"}'), delayMs);
    });
    const edge = await startEdge(greeter.url, { GREETER_CALL_HEDGE: hedge });
    const took: number[] = [];
    for (let n = 0; n < 200; n++) {
      const { answer, ownMs } = await timed(() => get(`${edge.url}/hello`));
      expect(answer.status).toBe(200);
      // The first hundred teach it what is usual.
      if (n >= 100) took.push(hedge === 'on' ? ownMs : answer.tookMs);
    }
    slowest.push(Math.max(...took));
    expect(requests).toBeLessThanOrEqual(200 * 1.1 + 3);
    if (hedge === 'on') {
      expect((await get(`${edge.opsUrl}/metrics`)).text).toMatch(/client_hedges_total\{downstream="greeter"\} [1-9]/);
    }
  }
  const [without = 0, withHedge = 0] = slowest;
  expect(without).toBeGreaterThan(290);
  expect(withHedge).toBeLessThan(200);
});
