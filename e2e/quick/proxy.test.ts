/** The TCP proxy over real sockets, steered by a client of Toxiproxy's that is not ours. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { timed } from '../harness/machine-lateness.ts';
import { sendAll } from '../harness/send-all.ts';
import { exchange, get, startEdge, startGreeter } from '../harness/system.ts';
import { addToxic, dial, endsOf, startWire, watch } from '../harness/wire.ts';

/** One byte from one end to the other: how long it took, and how much of that was not the machine's doing. */
async function trip(sender: Socket, receiver: Socket): Promise<{ readonly tookMs: number; readonly ownMs: number }> {
  const { answer: tookMs, ownMs } = await timed(async () => {
    const startedAt = performance.now();
    sender.write('x');
    await once(receiver, 'data');
    return performance.now() - startedAt;
  });
  return { tookMs, ownMs };
}

/** What timers and sockets may add, besides what the machine was measured to add. Nothing may be early. */
const LATE_MS = 100;

describe.each(['upstream', 'downstream'] as const)('%s', (stream) => {
  test('latency delays this way and not the other', async () => {
    const { proxy, pair } = await startWire();
    await addToxic(proxy, 'latency', stream, { latency: 400, jitter: 0 });
    const { sender, receiver } = endsOf(stream, await pair());
    const there = watch(receiver);
    const back = watch(sender);
    sender.write('there');
    receiver.write('back');
    const { answer: backMs, ownMs: backOwnMs } = await timed(() => back.received(4));
    const { answer: thereMs, ownMs: thereOwnMs } = await timed(() => there.received(5));
    expect(backMs).toBeLessThan(thereMs);
    expect(backOwnMs).toBeLessThan(LATE_MS);
    expect(thereMs).toBeGreaterThanOrEqual(400);
    expect(thereOwnMs).toBeLessThan(400 + LATE_MS);
    expect(there.bytes().toString()).toBe('there');
  });

  test('jitter varies the latency from chunk to chunk', async () => {
    const { proxy, pair } = await startWire();
    await addToxic(proxy, 'latency', stream, { latency: 60, jitter: 50 });
    const { sender, receiver } = endsOf(stream, await pair());
    const trips: Awaited<ReturnType<typeof trip>>[] = [];
    for (let sent = 0; sent < 12; sent += 1) trips.push(await trip(sender, receiver));
    const tookMs = trips.map((one) => one.tookMs);
    expect(Math.min(...tookMs)).toBeGreaterThanOrEqual(10);
    expect(Math.max(...trips.map((one) => one.ownMs))).toBeLessThan(110 + LATE_MS);
    expect(Math.max(...tookMs) - Math.min(...tookMs)).toBeGreaterThan(20);
  });

  test('bandwidth takes as long as the bytes need', async () => {
    const { proxy, pair } = await startWire();
    await addToxic(proxy, 'bandwidth', stream, { rate: 100 });
    const { sender, receiver } = endsOf(stream, await pair());
    const there = watch(receiver);
    sender.write(Buffer.alloc(50_000));
    const { answer: tookMs, ownMs } = await timed(() => there.received(50_000));
    expect(tookMs).toBeGreaterThanOrEqual(500);
    expect(ownMs).toBeLessThan(500 + LATE_MS);
    expect(there.firstAtMs()).toBeLessThan(tookMs / 2);
  });

  test('bandwidth of a fast line is not eaten by coarse timers', async () => {
    const { proxy, pair } = await startWire();
    const send = async () => {
      const { sender, receiver } = endsOf(stream, await pair());
      const there = watch(receiver);
      sender.write(Buffer.alloc(10_000_000));
      return timed(() => there.received(10_000_000));
    };
    // What it takes to move so many bytes at all, on this machine and now.
    const { ownMs: unlimitedMs } = await send();
    await addToxic(proxy, 'bandwidth', stream, { rate: 20_000 });
    const { answer: tookMs, ownMs } = await send();
    expect(tookMs).toBeGreaterThanOrEqual(500);
    expect(ownMs).toBeLessThan(500 + unlimitedMs + LATE_MS);
  });

  test('slow_close delays the end only', async () => {
    const { proxy, pair } = await startWire();
    await addToxic(proxy, 'slow_close', stream, { delay: 400 });
    const { sender, receiver } = endsOf(stream, await pair());
    const there = watch(receiver);
    const { answer, ownMs } = await timed(async () => {
      sender.end('data');
      return { dataAtMs: await there.received(4), end: await there.ended };
    });
    expect(answer.end.how).toBe('end');
    expect(answer.end.atMs - answer.dataAtMs).toBeGreaterThan(200);
    expect(answer.end.atMs).toBeGreaterThanOrEqual(400);
    expect(ownMs).toBeLessThan(400 + LATE_MS);
  });

  test('timeout lets nothing through and closes both ends', async () => {
    const { proxy, pair } = await startWire();
    await addToxic(proxy, 'timeout', stream, { timeout: 400 });
    const startedAt = performance.now();
    const { sender, receiver } = endsOf(stream, await pair());
    const there = watch(receiver);
    const back = watch(sender);
    sender.write('lost');
    const { answer, ownMs } = await timed(() => there.ended);
    expect(answer.how).toBe('end');
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(400);
    expect(ownMs).toBeLessThan(400 + LATE_MS);
    await back.ended;
    expect(there.bytes()).toHaveLength(0);
  });

  test('timeout 0 drops data until it is removed, and that closes the connection', async () => {
    const { proxy, pair } = await startWire();
    const toxic = await addToxic(proxy, 'timeout', stream, { timeout: 0 });
    const { sender, receiver } = endsOf(stream, await pair());
    const there = watch(receiver);
    sender.write('lost');
    expect(await Promise.race([there.ended, wait(300, 'open')])).toBe('open');
    await toxic.remove();
    expect((await there.ended).how).toBe('end');
    expect(there.bytes()).toHaveLength(0);
    const next = endsOf(stream, await pair());
    const later = watch(next.receiver);
    next.sender.write('ok');
    await later.received(2);
  });

  test('reset_peer resets both ends, so long after the first byte', async () => {
    const { proxy, pair } = await startWire();
    await addToxic(proxy, 'reset_peer', stream, { timeout: 300 });
    const { sender, receiver } = endsOf(stream, await pair());
    const [there, back] = [watch(receiver), watch(sender)];
    sender.write('lost');
    const { answer, ownMs } = await timed(() => there.ended);
    expect([answer.how, (await back.ended).how]).toEqual(['ECONNRESET', 'ECONNRESET']);
    expect(answer.atMs).toBeGreaterThanOrEqual(300);
    expect(ownMs).toBeLessThan(300 + LATE_MS);
    expect(there.bytes()).toHaveLength(0);
  });

  test('slicer cuts, and changes no byte', async () => {
    const { proxy, pair } = await startWire();
    const sent = Buffer.from(Array.from({ length: 50_000 }, (_, index) => index % 251));
    const send = async () => {
      const { sender, receiver } = endsOf(stream, await pair());
      const there = watch(receiver);
      sender.write(sent);
      const tookMs = await there.received(50_000);
      expect(there.bytes().equals(sent)).toBe(true);
      return { tookMs, chunks: there.chunks() };
    };
    const whole = await send();
    await addToxic(proxy, 'slicer', stream, { average_size: 1_000, size_variation: 300, delay: 2_000 });
    const sliced = await send();
    // 50 slices, 2 ms apart. A receiver that is late reads several at once.
    expect(sliced.tookMs).toBeGreaterThanOrEqual(70);
    expect(sliced.chunks).toBeGreaterThan(whole.chunks);
  });

  test('limit_data ends after exactly so many bytes', async () => {
    const { proxy, pair } = await startWire();
    await addToxic(proxy, 'limit_data', stream, { bytes: 70_001 });
    const { sender, receiver } = endsOf(stream, await pair());
    const there = watch(receiver);
    sender.write(Buffer.alloc(100_000, 'x'));
    expect((await there.ended).how).toBe('end');
    expect(there.bytes()).toHaveLength(70_001);
  });

  test('a toxic comes, changes and goes while the connection lives', async () => {
    const { proxy, pair } = await startWire();
    const { sender, receiver } = endsOf(stream, await pair());
    const next = () => trip(sender, receiver);
    expect((await next()).ownMs).toBeLessThan(LATE_MS);
    const toxic = await addToxic(proxy, 'latency', stream, { latency: 200, jitter: 0 });
    expect((await next()).tookMs).toBeGreaterThanOrEqual(200);
    await toxic.update({ ...toxic.toJson(), attributes: { latency: 500, jitter: 0 } });
    expect((await next()).tookMs).toBeGreaterThanOrEqual(500);
    await toxic.update({ ...toxic.toJson(), toxicity: 0 });
    expect((await next()).ownMs).toBeLessThan(LATE_MS);
    await toxic.update({ ...toxic.toJson(), attributes: { latency: 60_000, jitter: 0 } });
    // Were it held for its minute, the test would end before it.
    const held = next();
    await wait(50);
    await toxic.remove();
    await held;
  });

  test('half-close: the other way goes on', async () => {
    const { pair } = await startWire();
    const { sender, receiver } = endsOf(stream, await pair());
    const [there, back] = [watch(receiver), watch(sender)];
    sender.end('question');
    expect((await there.ended).how).toBe('end');
    expect(there.bytes().toString()).toBe('question');
    receiver.write('a long ');
    await back.received(7);
    receiver.end('answer');
    expect((await back.ended).how).toBe('end');
    expect(back.bytes().toString()).toBe('a long answer');
  });

  test('whoever is reset, the other end is, too', async () => {
    const { pair } = await startWire();
    const { sender, receiver } = endsOf(stream, await pair());
    const there = watch(receiver);
    sender.write('x');
    await there.received(1);
    sender.resetAndDestroy();
    expect((await there.ended).how).toBe('ECONNRESET');
  });

  test('any sequence of chunks arrives as it was sent, through latency, slicer and bandwidth', async () => {
    const { proxy, pair } = await startWire();
    await addToxic(proxy, 'latency', stream, { latency: 5, jitter: 5 });
    await addToxic(proxy, 'slicer', stream, { average_size: 700, size_variation: 600, delay: 20 });
    await addToxic(proxy, 'bandwidth', stream, { rate: 5_000 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 8_000 }), fc.nat(3)), { maxLength: 15 }),
        async (chunks) => {
          const { sender, receiver } = endsOf(stream, await pair());
          const there = watch(receiver);
          for (const [bytes, pauseMs] of chunks) {
            sender.write(bytes);
            if (pauseMs > 0) await wait(pauseMs);
          }
          sender.end();
          await there.ended;
          expect(there.bytes().equals(Buffer.concat(chunks.map(([bytes]) => bytes)))).toBe(true);
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe('toxicity', () => {
  /** Which of the first connections a reset takes. */
  async function victims(seed: number, toxicity: number): Promise<number[]> {
    const { proxy, pair } = await startWire({ seed });
    await addToxic(proxy, 'reset_peer', 'upstream', { timeout: 0 }, toxicity);
    const hit: number[] = [];
    for (let connection = 1; connection <= 60; connection += 1) {
      const { client, server } = await pair();
      const [there, back] = [watch(server), watch(client)];
      client.write('x');
      const outcome = await Promise.race([back.ended.then(({ how }) => how), there.received(1).then(() => 'passed')]);
      if (outcome === 'ECONNRESET') hit.push(connection);
      client.destroy();
      server.destroy();
    }
    return hit;
  }

  test('the same seed hits the same connections, another one others; 0 none, 1 all', async () => {
    const some = await victims(42, 0.4);
    expect(some.length).toBeGreaterThan(10);
    expect(some.length).toBeLessThan(40);
    expect(await victims(42, 0.4)).toEqual(some);
    expect(await victims(43, 0.4)).not.toEqual(some);
    expect(await victims(42, 0)).toEqual([]);
    expect(await victims(42, 1)).toHaveLength(60);
  });
});

describe('on and off', () => {
  test('disabled: live connections end, new ones are refused; enabled: it listens where it did', async () => {
    const { proxy, pair, toxiproxy } = await startWire();
    const { client } = await pair();
    const there = watch(client);
    const off = await proxy.update({ ...proxy.toJson(), enabled: false });
    expect(off.enabled).toBe(false);
    await there.ended;
    await expect(dial(proxy.listen)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    const on = await proxy.update({ ...proxy.toJson(), enabled: true });
    expect(on).toMatchObject({ enabled: true, listen: proxy.listen });
    await pair();
    expect((await toxiproxy.get('wire')).enabled).toBe(true);
  });

  test('reset enables all and takes every toxic away, from live connections, too', async () => {
    const { proxy, pair, toxiproxy, server } = await startWire();
    const other = await toxiproxy.createProxy({ name: 'other', listen: '127.0.0.1:0', upstream: proxy.upstream });
    await other.update({ ...other.toJson(), enabled: false });
    await addToxic(proxy, 'latency', 'upstream', { latency: 60_000, jitter: 0 });
    const { client, server: behind } = await pair();
    const there = watch(behind);
    client.write('held');
    await wait(100);
    await toxiproxy.reset();
    // Held for a minute, it would come after the end of this test.
    await there.received(4);
    expect((await get(`${server.url}/proxies/wire/toxics`)).json).toEqual([]);
    expect((await toxiproxy.get('other')).enabled).toBe(true);
    await dial(other.listen);
  });

  test('another upstream closes what is connected to the first', async () => {
    const first = await startWire();
    const second = await startWire();
    const { client } = await first.pair();
    const there = watch(client);
    await first.proxy.update({ ...first.proxy.toJson(), enabled: true, upstream: second.proxy.listen });
    await there.ended;
    expect((await first.toxiproxy.get('wire')).upstream).toBe(second.proxy.listen);
    await dial(first.proxy.listen);
  });

  test('removed: gone from the list, and from its port', async () => {
    const { proxy, toxiproxy } = await startWire();
    await proxy.remove();
    expect(await toxiproxy.getAll()).toEqual({});
    await expect(dial(proxy.listen)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(proxy.remove()).rejects.toThrow('404');
  });

  test('nobody behind it: the client is closed, and the log says why', async () => {
    const lines: string[] = [];
    const { proxy } = await startWire({ log: (line) => lines.push(line) });
    await proxy.update({ ...proxy.toJson(), enabled: true, upstream: '127.0.0.1:1' });
    const client = await dial(proxy.listen);
    await watch(client).ended;
    expect(lines).toEqual([expect.stringContaining('wire: 127.0.0.1:1 is not reachable: connect ECONNREFUSED')]);
  });

  test('populate creates, replaces, and leaves alone what is as it was', async () => {
    const { proxy, toxiproxy, pair } = await startWire();
    await addToxic(proxy, 'latency', 'upstream', { latency: 0, jitter: 0 });
    const { client } = await pair();
    const [same, fresh] = [proxy.toJson(), { name: 'fresh', listen: '127.0.0.1:0', upstream: proxy.upstream }];
    const populated = await toxiproxy.populate([same, fresh]);
    expect(Object.keys(populated)).toEqual(['wire', 'fresh']);
    expect((await proxy.getToxic('latency_upstream')).name).toBe('latency_upstream');
    expect(client.destroyed).toBe(false);
    const there = watch(client);
    await toxiproxy.populate([{ ...same, upstream: '127.0.0.1:1' }]);
    await there.ended;
    await expect(proxy.getToxic('latency_upstream')).rejects.toThrow('404');
  });
});

describe('the API', () => {
  async function api() {
    const { server, proxy } = await startWire();
    const call = async (method: string, path: string, body?: string | object, headers: Record<string, string> = {}) => {
      const response = await fetch(server.url + path, {
        method,
        headers,
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        text,
        json: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : undefined,
      };
    };
    return { call, proxy, url: server.url };
  }

  test('answers in the shapes of Toxiproxy', async () => {
    const { call, proxy } = await api();
    const { listen, upstream } = proxy;
    expect((await call('GET', '/version')).text).toBe('{"version": "2.12.0"}\n');
    const created = await call('POST', '/proxies', { name: 'more', listen: 'localhost:0', upstream });
    expect(created).toMatchObject({ status: 201, json: { name: 'more', upstream, enabled: true, toxics: [] } });
    expect(created.json.listen).toMatch(/^127\.0\.0\.1:\d+$/);
    const toxic = await call('POST', '/proxies/wire/toxics', { type: 'latency', attributes: { latency: 1 } });
    const shown = {
      attributes: { latency: 1, jitter: 0 },
      name: 'latency_downstream',
      type: 'latency',
      stream: 'downstream',
      toxicity: 1,
    };
    expect(toxic).toMatchObject({ status: 200, text: JSON.stringify(shown) });
    expect((await call('GET', '/proxies/wire/toxics')).json).toEqual([shown]);
    expect((await call('GET', '/proxies/wire/toxics/latency_downstream')).json).toEqual(shown);
    const changed = { ...shown, toxicity: 0.5, attributes: { latency: 1, jitter: 2 } };
    const patch = { toxicity: 0.5, attributes: { jitter: 2 } };
    expect((await call('PATCH', '/proxies/wire/toxics/latency_downstream', patch)).json).toEqual(changed);
    expect((await call('POST', '/proxies/wire/toxics/latency_downstream', patch)).json).toEqual(changed);
    const wire = { name: 'wire', listen, upstream, enabled: true, toxics: [changed] };
    expect((await call('GET', '/proxies/wire')).text).toBe(JSON.stringify(wire));
    expect((await call('GET', '/proxies')).json).toEqual({ wire, more: created.json });
    expect((await call('PATCH', '/proxies/wire', { enabled: false })).json).toEqual({ ...wire, enabled: false });
    expect((await call('POST', '/reset')).status).toBe(204);
    expect((await call('DELETE', '/proxies/more')).status).toBe(204);
    const populated = await call('POST', '/populate', [{ name: 'wire', listen, upstream }]);
    expect(populated).toMatchObject({ status: 201, json: { proxies: [{ ...wire, toxics: [] }] } });
    await call('POST', '/proxies/wire/toxics', { type: 'slicer' });
    expect((await call('DELETE', '/proxies/wire/toxics/slicer_downstream')).status).toBe(204);
  });

  test.each([
    ['POST', '/proxies', '{', 400, 'bad request body: '],
    ['POST', '/proxies', '', 400, 'bad request body: it is empty'],
    ['POST', '/proxies', {}, 400, 'missing required field: name'],
    ['POST', '/proxies', { name: 'x' }, 400, 'missing required field: upstream'],
    ['POST', '/proxies', { name: 1 }, 400, 'bad request body: name: '],
    ['POST', '/proxies', { name: 'x', upstream: 'nowhere' }, 400, 'upstream: "nowhere" is not host:port'],
    ['POST', '/proxies', { name: 'x', upstream: 'a:1', listen: 'b:99999' }, 400, 'listen: "b:99999" is not host:port'],
    ['POST', '/proxies', { name: 'x', upstream: 'a:1', enabled: 'no' }, 400, 'bad request body: enabled: '],
    ['POST', '/proxies', { name: 'wire', upstream: 'a:1' }, 409, 'proxy already exists'],
    ['POST', '/proxies', `"${'x'.repeat(2 ** 20)}"`, 413, 'bad request body: more than 1 MiB'],
    ['GET', '/proxies/none', undefined, 404, 'proxy not found'],
    ['DELETE', '/proxies/none', undefined, 404, 'proxy not found'],
    ['PATCH', '/proxies/none', {}, 404, 'proxy not found'],
    ['POST', '/populate', {}, 400, 'bad request body: '],
    ['POST', '/populate', [{ name: 'x' }], 400, 'missing required field: upstream at proxy 1'],
    ['GET', '/proxies/none/toxics', undefined, 404, 'proxy not found'],
    ['GET', '/proxies/wire/toxics/none', undefined, 404, 'toxic not found'],
    ['DELETE', '/proxies/wire/toxics/none', undefined, 404, 'toxic not found'],
    ['PATCH', '/proxies/wire/toxics/none', {}, 404, 'toxic not found'],
    ['POST', '/proxies/wire/toxics', { type: 'rain' }, 400, 'invalid toxic type'],
    ['POST', '/proxies/wire/toxics', { type: 'constructor' }, 400, 'invalid toxic type'],
    ['POST', '/proxies/wire/toxics', { type: 'latency', stream: 'side' }, 400, 'stream was invalid'],
    ['POST', '/proxies/wire/toxics', { type: 'latency', toxicity: 2 }, 400, 'toxicity: 2 is not a share'],
    ['POST', '/proxies/wire/toxics', { type: 'latency', attributes: { latency: '1' } }, 400, 'latency: "1" is not'],
    ['POST', '/proxies/wire/toxics', { type: 'latency', attributes: { latency: -1 } }, 400, 'latency: -1 is not'],
    ['POST', '/proxies/wire/toxics', { type: 'latency', attributes: [] }, 400, 'attributes: '],
    ['PUT', '/proxies', {}, 405, 'PUT is not allowed here'],
    ['GET', '/nothing', undefined, 404, '/nothing is not part of this API'],
  ])('%s %s with %j: %i', async (method, path, body, status, error) => {
    const { call } = await api();
    const answer = await call(method, path, body);
    expect(answer.status).toBe(status);
    expect(answer.json).toEqual({ error: expect.stringContaining(error), status });
  });

  test('HEAD, OPTIONS and Allow, of a path and of the API as a whole', async () => {
    const { call, url } = await api();
    const allowed: [string, string][] = [
      ['/version', 'GET, HEAD, OPTIONS'],
      ['/reset', 'POST, OPTIONS'],
      ['/populate', 'POST, OPTIONS'],
      ['/proxies', 'GET, POST, HEAD, OPTIONS'],
      ['/proxies/wire', 'GET, POST, PATCH, DELETE, HEAD, OPTIONS'],
      ['/proxies/wire/toxics', 'GET, POST, HEAD, OPTIONS'],
      ['/proxies/wire/toxics/none', 'GET, POST, PATCH, DELETE, HEAD, OPTIONS'],
    ];
    for (const [path, allow] of allowed) {
      const options = await call('OPTIONS', path);
      expect([options.status, options.text, options.headers.get('allow')], path).toEqual([204, '', allow]);
      const put = await call('PUT', path);
      expect([put.status, put.headers.get('allow')], path).toEqual([405, allow]);
    }
    expect((await call('OPTIONS', '/nothing')).status).toBe(404);
    expect(await exchange(url, 'OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 204 .*\r\nallow: GET, HEAD, POST, PATCH, DELETE, OPTIONS\r\n/s,
    );
    for (const path of ['/version', '/proxies', '/proxies/wire', '/proxies/wire/toxics', '/proxies/none']) {
      const [head, whole] = [await call('HEAD', path), await call('GET', path)];
      expect([head.status, head.text], path).toEqual([whole.status, '']);
      for (const name of ['content-type', 'content-length']) {
        expect(head.headers.get(name), `${path} ${name}`).toBe(whole.headers.get(name));
      }
    }
  });

  test('a path may be percent-encoded, and names may hold what a path cannot', async () => {
    const { call, proxy } = await api();
    expect((await call('GET', '/%70roxies/w%69re')).json.name).toBe('wire');
    expect((await call('GET', '/%2570roxies')).status).toBe(404);
    for (const name of ['a b/c', 'ü?#', '100%', '..']) {
      const created = await call('POST', '/proxies', { name, listen: '127.0.0.1:0', upstream: proxy.upstream });
      expect([created.status, created.json.name]).toEqual([201, name]);
      // A dot segment would be removed from the path before it is sent (RFC 3986 §5.2.4).
      if (name === '..') continue;
      expect((await call('GET', `/proxies/${encodeURIComponent(name)}`)).json.name).toBe(name);
      expect((await call('DELETE', `/proxies/${encodeURIComponent(name)}`)).status).toBe(204);
    }
    for (const path of ['/proxies/%zz', '/proxies/%', '/proxies/%ff']) {
      const answer = await call('GET', path);
      expect(answer.status, path).toBe(400);
      expect(answer.json.error, path).not.toContain('body');
    }
    for (const path of ['/PROXIES', '/proxies/', '/proxies/wire/']) expect((await call('GET', path)).status).toBe(404);
  });

  test('a refusal reaches a caller that still sends, and what nobody can read is refused with an answer', async () => {
    const { url } = await api();
    for (const [head, status] of [
      ['POST /proxies HTTP/1.1\r\nhost: x\r\nconnection: close\r\n', 413],
      ['POST /nothing HTTP/1.1\r\nhost: x\r\nconnection: close\r\n', 404],
      ['PUT /version HTTP/1.0\r\n', 405],
      ['POST /proxies HTTP/1.1\r\nhost: attacker.example\r\nconnection: close\r\n', 421],
      ['POST /proxies HTTP/1.1\r\n', 400],
    ] as const) {
      expect(await sendAll(url, head), head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    }
    expect(await exchange(url, 'nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await exchange(url, `GET /version HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 /,
    );
  });

  test('what is nested too deeply to be quoted is a mistake like any other', async () => {
    const { call } = await api();
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
    for (const member of [`"attributes": {"latency": ${deep}}`, `"toxicity": ${deep}`]) {
      const answer = await call('POST', '/proxies/wire/toxics', `{"type": "latency", ${member}}`);
      expect(answer).toMatchObject({ status: 400, json: { error: expect.stringContaining('nested too deeply') } });
    }
  });

  test('the stream of a toxic is read in any case, as Toxiproxy does', async () => {
    const { call } = await api();
    const answer = await call('POST', '/proxies/wire/toxics', { type: 'latency', stream: 'Upstream' });
    expect(answer).toMatchObject({ status: 200, json: { stream: 'upstream', name: 'latency_upstream' } });
  });

  test('a port that is taken is said, and the proxy is not there', async () => {
    const { call, proxy } = await api();
    const answer = await call('POST', '/proxies', { name: 'second', listen: proxy.listen, upstream: proxy.upstream });
    expect(answer).toMatchObject({
      status: 500,
      json: { error: `listen tcp ${proxy.listen}: EADDRINUSE`, status: 500 },
    });
    expect((await call('GET', '/proxies/second')).status).toBe(404);
  });

  test('two of a name at once: one is created', async () => {
    const { call, proxy } = await api();
    const body = { name: 'twin', listen: '127.0.0.1:0', upstream: proxy.upstream };
    const answers = await Promise.all([call('POST', '/proxies', body), call('POST', '/proxies', body)]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409]);
  });

  test('a browser is refused, as Toxiproxy does', async () => {
    const { call } = await api();
    const answer = await call('POST', '/reset', undefined, { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64)' });
    expect(answer).toMatchObject({ status: 403, text: 'User agent not allowed\n' });
  });
});

test('between edge and greeter: a slow wire, a broken one, a whole one again', async () => {
  const greeter = await startGreeter();
  const { toxiproxy, server } = await startWire();
  const upstream = new URL(greeter.url).host;
  const wire = await toxiproxy.createProxy({ name: 'greeter', listen: '127.0.0.1:0', upstream });
  const edge = await startEdge(`http://${wire.listen}`);
  onTestFinished(() => server.stop());
  const hello = async () => {
    const startedAt = performance.now();
    const { status, json } = await get(`${edge.url}/hello?name=John`);
    return { status, json, tookMs: performance.now() - startedAt };
  };
  expect(await hello()).toMatchObject({ status: 200, json: { message: 'Hello, John!' } });
  const slow = await addToxic(wire, 'latency', 'downstream', { latency: 300, jitter: 0 });
  const slowAnswer = await hello();
  expect(slowAnswer.status).toBe(200);
  expect(slowAnswer.tookMs).toBeGreaterThanOrEqual(300);
  await slow.remove();
  await wire.update({ ...wire.toJson(), enabled: false });
  expect(await hello()).toMatchObject({ status: 503, json: { code: 'unreachable' } });
  await toxiproxy.reset();
  await expect.poll(async () => (await hello()).status).toBe(200);
});
