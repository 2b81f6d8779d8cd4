import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { Injector, faults as playFaults } from '@halfopen/faults';
import { greeterContract } from '@halfopen/greetings';
import { createLog, createService, HttpProblem, recordOf, route, takeOver } from '@halfopen/service-kit';
import { starvedMs } from '@halfopen/testing';
import fc from 'fast-check';
import { Registry } from 'prom-client';
import { request } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { timed } from '../harness/machine-lateness.ts';
import { spawnGreeter } from '../harness/process.ts';
import { exchange, get, PATIENT, startEdge, startGreeter, startSystem } from '../harness/system.ts';

async function put(url: string, body: string | Buffer, headers: Record<string, string> = {}) {
  const answer = await request(`${url}/faults`, { method: 'PUT', body, headers });
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into whatever came back
  return { status: answer.statusCode, type: answer.headers['content-type'], json: (await answer.body.json()) as any };
}

describe('x-fault: one request', () => {
  test.each([
    ['status=500', 502, 'remote_error'],
    ['status=503', 502, 'remote_error'],
    ['status=404', 502, 'remote_refused'],
    ['reset', 502, 'connection_lost'],
    ['truncate', 502, 'bad_response'],
    ['malformed', 502, 'bad_response'],
    ['wrongType', 502, 'bad_response'],
    ['lostResponse', 502, 'connection_lost'],
    ['oversize=1000000', 502, 'bad_response'],
    ['hang', 504, 'attempt_timeout'],
    ['drip,dripInterval=50', 504, 'attempt_timeout'],
    ['delay=5000', 504, 'attempt_timeout'],
  ])('%s → %i %s, and the next request is well', async (fault, status, code) => {
    // What is not about time has time: an attempt that met a busy machine would be another failure.
    const patience = code === 'attempt_timeout' ? { GREETER_CALL_ATTEMPT_TIMEOUT_MS: '300' } : PATIENT;
    const { edge } = await startSystem({ GREETER_CALL_ATTEMPTS: '2', ...patience });
    const answer = await get(`${edge.url}/hello`, { 'x-fault': fault });
    expect([answer.status, answer.json.code]).toEqual([status, code]);
    expect((await get(`${edge.url}/hello`)).status).toBe(200);
  });

  test('a delay alone only delays', async () => {
    const { edge } = await startSystem();
    const answer = await get(`${edge.url}/hello`, { 'x-fault': 'delay=150' });
    expect([answer.status, answer.json]).toEqual([200, { message: 'Hello, World!' }]);
    expect(answer.tookMs).toBeGreaterThan(145);
  });

  test('an injected 503 asks for no wait unless told to', async () => {
    const greeter = await startGreeter({ FAULTS: 'on' });
    const plain = await get(`${greeter.url}/hello`, { 'x-fault': 'status=503' });
    expect([plain.status, plain.headers['retry-after'], plain.json.title]).toEqual([503, undefined, 'Injected fault']);
    const asking = await get(`${greeter.url}/hello`, { 'x-fault': 'status=503,retryAfter=2' });
    expect(asking.headers['retry-after']).toBe('2');
  });

  test('what is not a fault is refused and says what would do, at the first door that it comes to', async () => {
    const { edge, greeter } = await startSystem();
    for (const { url } of [edge, greeter]) {
      const { status, json } = await get(`${url}/hello`, { 'x-fault': 'explode' });
      expect([status, json.code]).toEqual([400, 'bad_request']);
      expect(json.detail).toContain('x-fault "explode" is refused: it: has no member "explode"');
    }
  });

  test('without FAULTS=on it does nothing, and there is no switch', async () => {
    const { edge, greeter } = await startSystem({ FAULTS: 'off' });
    for (const { url } of [edge, greeter]) {
      expect((await get(`${url}/hello`, { 'x-fault': 'status=500' })).status).toBe(200);
    }
    expect((await put(greeter.opsUrl, '{"faults":[]}')).status).toBe(404);
  });
});

test('in production as anywhere else, faults are off unless somebody turns them on', async () => {
  const greeter = await startGreeter({ NODE_ENV: 'production' });
  expect((await get(`${greeter.opsUrl}/faults`)).status).toBe(404);
  expect(greeter.logText()).not.toContain('FAULTS=on');
  const broken = await startGreeter({ NODE_ENV: 'production', FAULTS: 'on' });
  expect((await get(`${broken.opsUrl}/faults`)).status).toBe(200);
  const warnings = broken.log().filter(({ level }) => level === 'warn');
  expect(warnings).toMatchObject([{ msg: 'FAULTS=on: anyone who can reach this service can break it on purpose' }]);
});

describe('PUT, GET, DELETE /faults: everybody', () => {
  test('a plan hits until it is taken back, spares probes, and is counted', async () => {
    const { edge, greeter } = await startSystem();
    const plan = '{"seed":5,"faults":[{"id":"down","status":500}]}';
    expect(await put(greeter.opsUrl, plan)).toMatchObject({ status: 200, json: { seed: 5, injected: { down: 0 } } });
    expect((await get(`${edge.url}/hello`)).json.code).toBe('remote_error');
    expect((await get(`${greeter.opsUrl}/livez`)).status).toBe(200);
    expect((await get(`${greeter.opsUrl}/faults`)).json.injected).toEqual({ down: 1 });
    expect((await get(`${greeter.opsUrl}/metrics`)).text).toContain('faults_injected_total{fault="down"} 1');
    expect((await get(`${greeter.opsUrl}/faults`, {}, 'DELETE')).json).toEqual({
      seed: 1,
      forMs: 3_600_000,
      faults: [],
      injected: {},
      leftMs: {},
    });
    expect((await get(`${edge.url}/hello`)).status).toBe(200);
  });

  test('the first two attempts fail, the third is answered', async () => {
    const { edge, greeter } = await startSystem();
    await put(greeter.opsUrl, '{"faults":[{"id":"first-two","status":503,"count":2}]}');
    expect((await get(`${edge.url}/hello`)).status).toBe(200);
    expect((await get(`${edge.opsUrl}/metrics`)).text).toContain(
      'client_retries_total{downstream="greeter",reason="remote_error"} 2',
    );
  });

  test.each([
    ['', 400, 'the fault plan is missing: send it as the body'],
    ['null', 400, 'the plan: must be a plan'],
    ['[]', 400, 'the plan: must be a plan'],
    ['{"faults":[{"id":"x"}]}', 400, 'faults[0]: does nothing'],
    ['{"faults":[{"id":"x","exit":true}]}', 400, 'faults[0].exit: is not allowed'],
    ['{"faults":[{"id":"x","operation":"helo","reset":true}]}', 400, 'faults[0].operation: must be one of hello'],
    ['{"faults":', 400, 'the fault plan is not JSON in UTF-8: Unexpected end of JSON input'],
    ['{"faults":[\u00ff]}', 400, 'the fault plan is not JSON in UTF-8'],
    [Buffer.from([0x22, 0xff, 0x22]), 400, 'the fault plan is not JSON in UTF-8'],
    [`{"faults":"${'x'.repeat(70_000)}"}`, 413, 'a fault plan has at most 65536 bytes'],
  ])('a bad plan is refused whole, the one in force stays: %.40s', async (bad, status, detail) => {
    const greeter = await startGreeter({ FAULTS: 'on' });
    await put(greeter.opsUrl, '{"faults":[{"id":"down","status":500}]}');
    const answer = await put(greeter.opsUrl, bad);
    expect([answer.status, answer.type, answer.json.code]).toEqual([status, 'application/problem+json', 'bad_request']);
    expect(answer.json.detail).toContain(detail);
    expect((await get(`${greeter.url}/hello`)).status).toBe(500);
  });

  test('a compressed plan is refused', async () => {
    const greeter = await startGreeter({ FAULTS: 'on' });
    const answer = await put(greeter.opsUrl, gzipSync('{"faults":[]}'), { 'content-encoding': 'gzip' });
    expect([answer.status, answer.json.detail]).toEqual([415, 'a fault plan must not be compressed']);
  });

  test('a plan stops by itself', async () => {
    const greeter = await startGreeter({ FAULTS: 'on' });
    await put(greeter.opsUrl, '{"forMs":1000,"faults":[{"id":"down","status":500}]}');
    expect((await get(`${greeter.url}/hello`)).status).toBe(500);
    await expect.poll(async () => (await get(`${greeter.url}/hello`)).status).toBe(200);
    expect((await get(`${greeter.opsUrl}/faults`)).json.leftMs).toEqual({ down: 0 });
  });

  test('one caller, one operation: the others are well', async () => {
    const { edge, greeter } = await startSystem();
    const fault = (more: object) => JSON.stringify({ faults: [{ id: 'one', status: 500, ...more }] });
    await put(greeter.opsUrl, fault({ caller: 'halfopen-edge' }));
    expect((await get(`${edge.url}/hello`)).json.code).toBe('remote_error');
    expect((await get(`${greeter.url}/hello`, { 'user-agent': 'curl/8.5.0' })).status).toBe(200);
    await put(greeter.opsUrl, fault({ operation: 'hello' }));
    expect((await get(`${greeter.url}/hello`)).status).toBe(500);
    expect((await get(`${greeter.url}/nowhere`)).status).toBe(404);
  });

  test('what was injected can be seen: counter, log line, answer', async () => {
    const greeter = await startGreeter({ FAULTS: 'on' });
    await put(greeter.opsUrl, '{"faults":[{"id":"first","count":1,"status":503},{"id":"second","reset":true}]}');
    const answer = await get(`${greeter.url}/hello`, { 'x-request-id': 'one' });
    expect(answer.headers['x-fault-injected']).toBe('first');
    await expect(get(`${greeter.url}/hello`, { 'x-request-id': 'two' })).rejects.toMatchObject({ code: 'ECONNRESET' });
    const lines = greeter.log().filter(({ msg }) => msg === 'request');
    expect(lines).toMatchObject([
      { level: 'info', requestId: 'one', fault: 'first', status: 503 },
      { level: 'info', requestId: 'two', fault: 'second' },
    ]);
    const { text } = await get(`${greeter.opsUrl}/metrics`);
    expect(text).toContain('faults_injected_total{fault="first"} 1\nfaults_injected_total{fault="second"} 1');
    await get(`${greeter.opsUrl}/faults`, {}, 'DELETE');
    expect((await get(`${greeter.url}/hello`)).headers['x-fault-injected']).toBeUndefined();
  });

  test('plans come and go, time series do not pile up', async () => {
    const greeter = await startGreeter({ FAULTS: 'on' });
    for (let plan = 0; plan < 5; plan++) {
      const faults = Array.from({ length: 100 }, (_, n) => ({ id: `p${plan}-${n}`, notReady: true }));
      await put(greeter.opsUrl, JSON.stringify({ faults }));
    }
    const series = (await get(`${greeter.opsUrl}/metrics`)).text.match(/^faults_injected_total\{.*$/gm);
    expect(series).toHaveLength(200);
    expect(series?.at(-1)).toBe('faults_injected_total{fault="p4-99"} 1');
  });

  test('whatever is put: refused with a problem, or given back as it was put; never a failure of ours', async () => {
    const greeter = await startGreeter({ FAULTS: 'on' });
    const member = fc.constantFrom('id', 'rate', 'count', 'delayMs', 'status', 'reset', 'drip', 'leak', 'cpu', 'forMs');
    const value = fc.oneof(fc.constantFrom(1, 0.5, 500, true, 'x', null, -1, 1e9), fc.jsonValue({ maxDepth: 1 }));
    const fault = fc.oneof(
      fc.record({ id: fc.constantFrom('a', 'b', 'c'), status: fc.integer({ min: 390, max: 610 }), rate: fc.double() }),
      fc.dictionary(member, value),
    );
    const plan = fc.oneof(
      fc.array(fault, { maxLength: 3 }).map((faults) => JSON.stringify({ faults })),
      fc.json(),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    );
    const asked = fc.oneof(
      fc.string({ maxLength: 30, unit: 'grapheme-ascii' }),
      fc
        .tuple(member, fc.constantFrom('', '=', '=-1', '=1e3', '=NaN', '=__proto__', '=1=1', ',,', '=99999999999'))
        .map(([name, rest]) => (rest === '' ? `${name}, ${name}` : name + rest)),
    );
    const seen = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(plan, asked, async (body, header) => {
        const answer = await put(greeter.opsUrl, body);
        seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1);
        expect([200, 400]).toContain(answer.status);
        if (answer.status === 200) {
          const { faults } = JSON.parse(String(body));
          expect(answer.json.faults).toMatchObject(faults);
          expect((await get(`${greeter.opsUrl}/faults`)).json.faults).toEqual(answer.json.faults);
        } else {
          expect([answer.type, answer.json.code]).toEqual(['application/problem+json', 'bad_request']);
        }
        const hello = await get(`${greeter.url}/hello`, { 'x-fault': header.trim() || '-' });
        expect([hello.status, hello.json.code]).toEqual([400, 'bad_request']);
      }),
      { numRuns: 300 },
    );
    await get(`${greeter.opsUrl}/faults`, {}, 'DELETE');
    expect((await get(`${greeter.url}/hello`)).status).toBe(200);
    expect(seen.get(200)).toBeGreaterThan(10);
    expect(seen.get(400)).toBeGreaterThan(100);
    expect(greeter.log().filter(({ level }) => level === 'error')).toEqual([]);
  });
});

/** What stands on the wire of one request, from the status line to the end of the connection. */
const wire = (url: string, fault: string, method = 'GET') =>
  exchange(
    url,
    `${method} /hello?name=John HTTP/1.1\r\nhost: x\r\nx-request-id: r1\r\nx-fault: ${fault}\r\nconnection: close\r\n\r\n`,
  );

describe('the wire', () => {
  const good = '{"message":"Hello, John!"}';
  const bodyOf = (text: string) => text.slice(text.indexOf('\r\n\r\n') + 4);

  test.each([
    ['status=503', /^HTTP\/1\.1 503 Service Unavailable\r\n/, /"title":"Injected fault"/],
    ['status=599', /^HTTP\/1\.1 599 /, /"status":599/],
    ['truncate', /^HTTP\/1\.1 200 OK\r\n[^]*content-length: 26\r\n/, /^\{"message":"H$/],
    ['malformed', /^HTTP\/1\.1 200 OK\r\n[^]*content-length: 25\r\n/, /^\{"message":"Hello, John!"$/],
    ['wrongType', /^HTTP\/1\.1 200 OK\r\n[^]*content-length: 14\r\n/, /^\{"message":42\}$/],
    ['drip,dripInterval=5', /^HTTP\/1\.1 200 OK\r\n[^]*content-length: 26\r\n/, /^\{"message":"Hello, John!"\}$/],
    ['delay=20', /^HTTP\/1\.1 200 OK\r\n[^]*content-length: 26\r\n/, /^\{"message":"Hello, John!"\}$/],
  ])('%s', async (fault, head, body) => {
    const greeter = await startGreeter({ FAULTS: 'on' });
    const text = await wire(greeter.url, fault);
    expect(text).toMatch(head);
    expect(text).toContain('x-fault-injected: x-fault\r\n');
    expect(text).toContain('x-request-id: r1\r\n');
    expect(bodyOf(text)).toMatch(body);
  });

  test.each(['reset', 'lostResponse'])('%s: not a byte, and a reset', async (fault) => {
    const greeter = await startGreeter({ FAULTS: 'on' });
    await expect(wire(greeter.url, fault)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test('oversize: a good answer, padded, and it does not say how long it is', async () => {
    const greeter = await startGreeter({ FAULTS: 'on' });
    const { headers, text } = await get(`${greeter.url}/hello?name=John`, { 'x-fault': 'oversize=3000000' });
    expect([headers['content-length'], headers['transfer-encoding']]).toEqual([undefined, 'chunked']);
    expect(text).toHaveLength(3_000_000);
    expect(text.trimEnd()).toBe(good);
  });

  test('oversize: 100 MB do not stand in memory, and end when the caller does', async () => {
    const greeter = await startGreeter({ FAULTS: 'on' });
    const before = process.memoryUsage().rss;
    const { body } = await request(`${greeter.url}/hello`, { headers: { 'x-fault': 'oversize=100000000' } });
    await new Promise((resolve) => body.once('data', resolve));
    expect(process.memoryUsage().rss - before).toBeLessThan(50_000_000);
    body.destroy();
    await expect
      .poll(() => greeter.log().some(({ msg, outcome }) => msg === 'request' && outcome === 'cancelled'))
      .toBe(true);
  });

  test('a drip comes byte by byte, goes on past the deadline, and is never silent', async () => {
    const greeter = await startGreeter({ FAULTS: 'on', GREETER_DEADLINE_MS: '200' });
    const { body } = await request(`${greeter.url}/hello`, { headers: { 'x-fault': 'drip,dripInterval=20' } });
    const sizes: number[] = [];
    for await (const chunk of body) sizes.push((chunk as Buffer).length);
    expect(sizes.length).toBeGreaterThan(20);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe('{"message":"Hello, World!"}'.length);
  });

  test.each(['truncate', 'malformed', 'wrongType', 'drip,dripInterval=1', 'oversize=100000', 'status=500'])(
    'HEAD: %s has no body either',
    async (fault) => {
      const greeter = await startGreeter({ FAULTS: 'on' });
      const text = await wire(greeter.url, fault, 'HEAD');
      expect(text).toMatch(/^HTTP\/1\.1 (200|500) /);
      expect(bodyOf(text)).toBe('');
    },
  );

  test('the work is done when only the answer is lost, and not when the request is', async () => {
    let worked = 0;
    const service = createService({
      contract: greeterContract,
      routes: [
        route(greeterContract.operations.hello, () => {
          worked++;
          return { message: 'Hello!' };
        }),
      ],
      deadlineMs: 1_000,
      drainMs: 0,
      admission: { maxInProgress: 10, maxQueued: 0 },
      before: playFaults({
        injector: new Injector(),
        factsOf: (req, res) => ({
          requestId: 'one',
          attempt: '1',
          operation: 'hello',
          userAgent: undefined,
          header: String(req.headers['x-fault']),
          signal: recordOf(res).signal,
        }),
        refusal: (status) => new HttpProblem('internal', 'injected', { status }),
        takeOver,
        onInjected: () => undefined,
      }),
      log: createLog('greeter', 'silent'),
      registry: new Registry(),
    });
    const { url } = await service.listen({ host: '127.0.0.1', port: 0, opsPort: 0 });
    onTestFinished(() => service.close(0));
    const ask = (fault: string) => get(`${url}/hello`, { 'x-fault': fault }).catch(({ code }) => code);

    expect(await ask('lostResponse')).toBe('ECONNRESET');
    expect(worked).toBe(1);
    expect(await ask('wrongType')).toMatchObject({ status: 200 });
    expect(worked).toBe(2);
    expect(await ask('reset')).toBe('ECONNRESET');
    expect(await ask('status=503')).toMatchObject({ status: 503 });
    expect(worked).toBe(2);
  });
});

describe('faults of the process', () => {
  test('notReady: only /readyz says so, and requests are answered', async () => {
    const { edge, greeter } = await startSystem();
    await put(greeter.opsUrl, '{"faults":[{"id":"gone","notReady":true}]}');
    const ready = await get(`${greeter.opsUrl}/readyz`);
    expect([ready.status, ready.json.detail]).toEqual([503, 'the fault gone is in force']);
    expect((await get(`${greeter.opsUrl}/livez`)).status).toBe(200);
    expect((await get(`${edge.url}/hello`)).status).toBe(200);
    await get(`${greeter.opsUrl}/faults`, {}, 'DELETE');
    expect((await get(`${greeter.opsUrl}/readyz`)).status).toBe(200);
  });

  test('exit: the process dies at once with code 70, and comes up clean', async () => {
    const env = { FAULTS: 'on' };
    const first = spawnGreeter(env);
    const { url, opsUrl } = await first.listening;
    await put(opsUrl, '{"faults":[{"id":"crash","exit":true},{"id":"down","status":500}]}');
    await expect(get(`${url}/hello`)).rejects.toMatchObject({
      code: expect.stringMatching(/^(UND_ERR_SOCKET|ECONNRESET)$/),
    });
    expect(await first.exited).toBe(70);
    expect(first.output()).toContain('a fault ends this process on purpose');
    const second = await spawnGreeter(env).listening;
    expect((await get(`${second.url}/hello`)).status).toBe(200);
    expect((await get(`${second.opsUrl}/faults`)).json.faults).toEqual([]);
    await expect(get(`${second.url}/hello`, { 'x-fault': 'exit' })).rejects.toMatchObject({
      code: expect.stringMatching(/^(UND_ERR_SOCKET|ECONNRESET)$/),
    });
  });

  test('exit behind an edge: the connection is lost, then nobody is there', async () => {
    const greeter = spawnGreeter({ FAULTS: 'on' });
    const edge = await startEdge((await greeter.listening).url, { FAULTS: 'on', GREETER_CALL_ATTEMPTS: '1' });
    expect((await get(`${edge.url}/hello`, { 'x-fault': 'exit' })).json.code).toBe('connection_lost');
    await greeter.exited;
    expect((await get(`${edge.url}/hello`)).json.code).toBe('unreachable');
  });

  test('cpu: burns its share, and probes are answered', async () => {
    const greeter = spawnGreeter({ FAULTS: 'on' });
    const { opsUrl } = await greeter.listening;
    const cpuSeconds = async () => {
      const { text } = await get(`${opsUrl}/metrics`);
      return Number(/^process_cpu_seconds_total (\S+)/m.exec(text)?.[1]);
    };
    /** Share of a processor that it wanted meanwhile: what it used, and what a crowded machine made it wait for. */
    const wantedWhile = async (work: () => Promise<void>) => {
      const wanted = async () => (await cpuSeconds()) + (starvedMs(greeter.pid) ?? 0) / 1_000;
      const [startedAt, before] = [performance.now(), await wanted()];
      await work();
      return ((await wanted()) - before) / ((performance.now() - startedAt) / 1_000);
    };
    await put(opsUrl, '{"faults":[{"id":"busy","cpu":1}]}');
    const before = await cpuSeconds();
    const busy = await wantedWhile(async () => {
      for (let n = 0; n < 5; n++) {
        const { answer, ownMs } = await timed(() => get(`${opsUrl}/livez`));
        expect(answer.status).toBe(200);
        expect(ownMs).toBeLessThan(1_000);
      }
      await expect.poll(cpuSeconds).toBeGreaterThan(before + 0.4);
    });
    expect(busy).toBeGreaterThan(0.7);
    await get(`${opsUrl}/faults`, {}, 'DELETE');
    // An idle process waits for a processor, too, whenever it wakes up on a crowded machine. The fault would leave no calm moment.
    await expect.poll(() => wantedWhile(() => sleep(400))).toBeLessThan(busy / 2);
  });

  test('leak: grows to its cap, and is given back', async () => {
    const { opsUrl } = await spawnGreeter({ FAULTS: 'on' }).listening;
    const residentMb = async () => {
      const { text } = await get(`${opsUrl}/metrics`);
      return Number(/^process_resident_memory_bytes (\S+)/m.exec(text)?.[1]) / 1e6;
    };
    const before = await residentMb();
    await put(opsUrl, '{"faults":[{"id":"leak","leak":100000000}]}');
    await expect.poll(residentMb).toBeGreaterThan(before + 80);
    await get(`${opsUrl}/faults`, {}, 'DELETE');
    expect(await residentMb()).toBeLessThan(before + 40);
  });
});

describe('victims', () => {
  const ids = Array.from({ length: 150 }, (_, n) => `victim-${n}`);

  /** The requests whose first attempt was hit, in a run through an edge with this policy. */
  async function victims(policy: string, concurrency: number): Promise<readonly string[]> {
    const { edge, greeter } = await startSystem({
      GREETER_CALL_POLICY: policy,
      GREETER_CALL_MAX_IN_FLIGHT: '256',
      ...PATIENT,
    });
    await put(
      greeter.opsUrl,
      '{"seed":42,"faults":[{"id":"fifth","rate":0.2,"delayMs":{"distribution":"exponential","meanMs":5},"status":503}]}',
    );
    const left = [...ids];
    const worker = async () => {
      for (let id = left.shift(); id !== undefined; id = left.shift()) {
        await get(`${edge.url}/hello`, { 'x-request-id': id });
      }
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
    const first = new Map<string, unknown>();
    for (const { msg, requestId, fault } of greeter.log()) {
      if (msg === 'request' && !first.has(String(requestId))) first.set(String(requestId), fault);
    }
    expect(first.size).toBe(ids.length);
    return ids.filter((id) => first.get(id) === 'fifth');
  }

  test('are the same at concurrency 1 and 200, with and without policies', async () => {
    const one = await victims('none', 1);
    expect(one.length).toBeGreaterThan(20);
    expect(one.length).toBeLessThan(40);
    expect(await victims('none', 200)).toEqual(one);
    expect(await victims('standard', 1)).toEqual(one);
    expect(await victims('standard', 200)).toEqual(one);
  });
});
