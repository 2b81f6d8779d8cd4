import { describe, expect, test } from 'vitest';
import { openLoop, successShare } from '../harness/open-loop.ts';
import { deadUrl, get, standIn, startEdge } from '../harness/system.ts';

const RATE = 200;

const ask = (url: string, seconds: number) => openLoop(url, { rate: RATE, durationMs: seconds * 1_000 });

async function greeters(count: number) {
  const hits = Array.from({ length: count }, () => 0);
  const act: ((respond: (status?: number | 'reset') => void) => void)[] = hits.map(() => (respond) => respond());
  const urls = await Promise.all(
    hits.map(async (_, index) => {
      const { url } = await standIn((_req, res) => {
        hits[index] = (hits[index] ?? 0) + 1;
        act[index]?.((status = 200) => {
          if (status === 'reset') res.socket?.resetAndDestroy();
          else res.writeHead(status, { 'content-type': 'application/json' }).end('{"message":"Hi"}');
        });
      });
      return url;
    }),
  );
  return { urls, hits, act };
}

describe('one of three endpoints is', () => {
  test('dead: after two seconds nobody notices, and it gets less than 5 % of the attempts', async () => {
    const { urls } = await greeters(2);
    const edge = await startEdge([...urls, deadUrl()].join(','));
    await ask(edge.url, 2);
    expect(successShare(await ask(edge.url, 2))).toBeGreaterThanOrEqual(0.995);
    const { endpoints } = (await get(`${edge.opsUrl}/downstreams`)).json.greeter;
    expect(endpoints.map(({ breaker }: { breaker: string }) => breaker).slice(0, 2)).toEqual(['closed', 'closed']);
    expect(endpoints[2].breaker).not.toBe('closed');
  });

  test.each([
    ['failing half of the time', 0.5, 503, 0],
    ['failing most of the time', 0.9, 503, 0],
    // On a connection that is kept, each looks as if the connection had just been closing, and is repeated unpaid.
    ['resetting a third of its requests', 0.34, 'reset', 0],
    // A 500 is not tried again: each is seen by a caller.
    ['failing each time, with what is not tried again', 1, 500, 0],
    ['failing now and then, with what is not tried again', 0.15, 500, 0],
    ['slow', 0, 200, 300],
    ['hanging', 0, 200, 60_000],
  ] as const)('gray, %s, after it was well: the same', async (_what, failing, failure, delayMs) => {
    const { urls, hits, act } = await greeters(3);
    const edge = await startEdge(urls.join(','));
    // Good outcomes in its window must not hide for long that it has begun to fail.
    await ask(edge.url, 4);
    let n = 0;
    act[2] = (respond) => {
      n++;
      // Every second, or nine of ten: spread evenly, so that the test does not depend on luck.
      if (Math.floor(n * failing) > Math.floor((n - 1) * failing)) respond(failure);
      else if (delayMs === 0) respond();
      else setTimeout(respond, delayMs).unref();
    };
    await ask(edge.url, 2);
    hits.fill(0);
    const answers = await ask(edge.url, 3);
    expect(successShare(answers)).toBeGreaterThanOrEqual(0.995);
    expect((hits[2] ?? 0) / answers.length).toBeLessThan(0.05);
  });
});

test('an ejection is a metric and a log line, and attempts are counted by endpoint', async () => {
  const { urls, act } = await greeters(3);
  let n = 0;
  act[2] = (respond) => respond(n++ % 10 === 9 ? 200 : 503);
  // Nine failures of ten do not open this breaker: it leaves the sick one to the balancer.
  const edge = await startEdge(urls.join(','), { GREETER_CALL_BREAKER_FAILURE_RATE: '0.99' });
  await ask(edge.url, 1);
  const metrics = (await get(`${edge.opsUrl}/metrics`)).text;
  expect(metrics).toMatch(/^endpoint_ejections_total\{downstream="greeter"\} [1-9]/m);
  expect(edge.log()).toContainEqual(
    expect.objectContaining({
      level: 'warn',
      downstream: 'greeter',
      endpoint: urls[2],
      forMs: 2_000,
      msg: 'endpoint left out: it fails far more than the others',
    }),
  );
  const port = (index: number) => new URL(urls[index] ?? '').port;
  const count = (status: number, index: number) =>
    Number(
      new RegExp(
        `^http_client_request_duration_seconds_count\\{.*server_port="${port(index)}",network_peer_address="127.0.0.1",http_response_status_code="${status}".*\\} (\\d+)$`,
        'm',
      ).exec(metrics)?.[1] ?? 0,
    );
  expect(count(200, 0)).toBeGreaterThan(20);
  expect(count(200, 1)).toBeGreaterThan(20);
  expect(count(503, 2)).toBeGreaterThanOrEqual(18);
  expect(count(200, 2)).toBeLessThan(count(503, 2));
});

test('a bare call is counted as in flight, too', async () => {
  const { urls, act } = await greeters(1);
  const waiting: (() => void)[] = [];
  act[0] = (respond) => waiting.push(respond);
  const edge = await startEdge(urls.join(','), { GREETER_CALL_POLICY: 'none' });
  const answers = [get(`${edge.url}/hello`), get(`${edge.url}/hello`)];
  await expect.poll(() => waiting.length).toBe(2);
  expect((await get(`${edge.opsUrl}/downstreams`)).json.greeter).toMatchObject({ policy: 'none', inFlight: 2 });
  expect((await get(`${edge.opsUrl}/metrics`)).text).toContain('client_in_flight{downstream="greeter"} 2');
  for (const respond of waiting) respond();
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200]);
});

test('all are used while all are well', async () => {
  const { urls, hits } = await greeters(3);
  const edge = await startEdge(urls.join(','));
  expect(successShare(await ask(edge.url, 1))).toBe(1);
  for (const count of hits) expect(count).toBeGreaterThan(RATE / 5);
});

test('an endpoint that comes back is used again', async () => {
  const { urls, hits, act } = await greeters(2);
  const respondWell = act[1];
  act[1] = () => undefined;
  const edge = await startEdge(urls.join(','));
  await ask(edge.url, 2);
  act[1] = respondWell ?? act[1];
  // Left out for two seconds and on probation for about four; so again where a stall of the machine looks like one of its.
  for (let second = 0; second < 12 && (hits[1] ?? 0) < RATE / 4; second++) {
    hits.fill(0);
    await ask(edge.url, 1);
  }
  expect(hits[1]).toBeGreaterThanOrEqual(RATE / 4);
});
