import { expect, test } from 'vitest';
import { get, standIn, startEdge, startSystem } from '../harness/system.ts';

test('the greeter says what its greetings are good for', async () => {
  const { greeter } = await startSystem();
  const [john, jane, again] = await Promise.all(
    ['John', 'Jane', 'John'].map((name) => get(`${greeter.url}/hello?name=${name}`)),
  );
  expect(john?.headers['cache-control']).toBe('max-age=0, stale-if-error=86400');
  expect(john?.headers.etag).toMatch(/^"[\w-]{22}"$/);
  expect(again?.headers.etag).toBe(john?.headers.etag);
  expect(jane?.headers.etag).not.toBe(john?.headers.etag);
});

test('who asks for a fault gets the fault, not an old greeting', async () => {
  const { edge } = await startSystem({ GREETER_CALL_STALE_IF_ERROR: 'on' });
  const fresh = await get(`${edge.url}/hello?name=John`);
  expect([fresh.headers.age, fresh.headers['cache-status']]).toEqual([undefined, undefined]);
  const broken = { 'x-fault': 'status=500' };
  // Another question, because of the fault that it asks for: nothing is known that could stand in.
  expect((await get(`${edge.url}/hello?name=John`, broken)).status).toBe(502);
});

test('a failed call is answered with the last good greeting for that name, says so, and is counted as degraded', async () => {
  let broken = false;
  let cacheControl = 'stale-if-error=60';
  const greeter = await standIn((req, res) => {
    const name = new URL(req.url ?? '', 'http://x').searchParams.get('name') ?? 'World';
    res.writeHead(broken ? 500 : 200, { 'content-type': 'application/json', 'cache-control': cacheControl });
    res.end(`{"message":"Hello, ${name}!"}`);
  });
  const edge = await startEdge(greeter.url, { GREETER_CALL_STALE_IF_ERROR: 'on' });
  await get(`${edge.url}/hello?name=John`);
  cacheControl = 'stale-if-error=60, no-store';
  await get(`${edge.url}/hello?name=Jane`);
  broken = true;
  const stale = await get(`${edge.url}/hello?name=John`);
  expect([stale.status, stale.json]).toEqual([200, { message: 'Hello, John!' }]);
  expect(stale.headers).toMatchObject({
    age: '0',
    'cache-status': 'halfopen; fwd=stale',
    'cache-control': 'no-store',
  });
  expect((await get(`${edge.url}/hello?name=Jane`)).status).toBe(502);
  expect((await get(`${edge.url}/hello?name=Jim`)).status).toBe(502);
  const metrics = (await get(`${edge.opsUrl}/metrics`)).text;
  expect(metrics).toContain(
    'client_call_duration_seconds_count{downstream="greeter",operation="hello",outcome="degraded"} 1',
  );
  expect(metrics).toContain(
    'client_call_duration_seconds_count{downstream="greeter",operation="hello",outcome="success"} 2',
  );
  expect(edge.log()).toContainEqual(
    expect.objectContaining({ status: 200, outcome: 'degraded', because: 'remote_error' }),
  );
});

test('an old greeting from a cache in between says its whole age, and is not used where that is too much', async () => {
  let broken = false;
  const greeter = await standIn((req, res) => {
    const age = new URL(req.url ?? '', 'http://x').searchParams.get('name') ?? '0';
    const headers = { 'content-type': 'application/json', 'cache-control': 'stale-if-error=60', age };
    res.writeHead(broken ? 500 : 200, headers).end('{"message":"Hi"}');
  });
  const edge = await startEdge(greeter.url, { GREETER_CALL_STALE_IF_ERROR: 'on' });
  const ages = ['30', '300', 'soon'];
  for (const age of ages) await get(`${edge.url}/hello?name=${age}`);
  broken = true;
  const [young, old, unreadable] = await Promise.all(ages.map((age) => get(`${edge.url}/hello?name=${age}`)));
  expect([young?.status, young?.headers.age]).toEqual([200, '30']);
  expect([old?.status, unreadable?.status]).toEqual([502, 502]);
});

test.each([
  ['Accept-Encoding, Accept-Language', 200],
  ['*', 502],
  ['Accept , X-Request-Id', 502],
])('an answer that varies by more than the question is not stored. Vary: %s → %i', async (vary, status) => {
  let broken = false;
  const greeter = await standIn((_req, res) => {
    res.writeHead(broken ? 500 : 200, {
      'content-type': 'application/json',
      'cache-control': 'stale-if-error=60',
      vary,
    });
    res.end('{"message":"Hi"}');
  });
  const edge = await startEdge(greeter.url, { GREETER_CALL_STALE_IF_ERROR: 'on' });
  expect((await get(`${edge.url}/hello`)).status).toBe(200);
  broken = true;
  expect((await get(`${edge.url}/hello`)).status).toBe(status);
});

test('off by default', async () => {
  let broken = false;
  const greeter = await standIn((_req, res) => {
    res.writeHead(broken ? 500 : 200, { 'content-type': 'application/json', 'cache-control': 'stale-if-error=60' });
    res.end('{"message":"Hi"}');
  });
  const edge = await startEdge(greeter.url);
  expect((await get(`${edge.url}/hello`)).status).toBe(200);
  broken = true;
  expect((await get(`${edge.url}/hello`)).status).toBe(502);
});
