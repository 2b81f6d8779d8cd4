import { request as httpRequest } from 'node:http';
import { startProxyServer } from '@halfopen/wire/app';
import { describe, expect, onTestFinished, test } from 'vitest';
import { exchange, startSystem } from '../harness/system.ts';

interface Answered {
  readonly status: number;
  readonly text: string;
}

/** With headers that fetch would not let a caller set. */
function ask(url: string, headers: Record<string, string>, method = 'GET', body = ''): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers, agent: false }, (response) => {
      let text = '';
      response.on('data', (data) => {
        text += data;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

async function startAll(env: Record<string, string> = {}) {
  const system = await startSystem(env);
  const wire = await startProxyServer({ listen: '127.0.0.1:0' });
  onTestFinished(() => wire.stop());
  const { edge, greeter } = system;
  return {
    ...system,
    wire,
    ports: [
      `${edge.opsUrl}/downstreams`,
      `${edge.opsUrl}/metrics`,
      `${edge.opsUrl}/livez`,
      `${greeter.opsUrl}/faults`,
      `${greeter.opsUrl}/readyz`,
      `${wire.url}/proxies`,
      `${wire.url}/version`,
    ],
  };
}

const PLAN = '{"faults":[{"id":"x","status":503}]}';

describe('no web page reaches an ops port or the API of the wire', () => {
  test('hosts that a page can have are refused with 421 and the reason, whatever the port', async () => {
    const { ports } = await startAll();
    const foreign = [
      'attacker.example',
      'attacker.example:5001',
      'ATTACKER.example.',
      '127.0.0.1.nip.io',
      'localhost.attacker.example',
      'localtest.me',
      'local-host.example:80',
      'attackersvc.example',
      'xn--e1afmkfd.xn--p1ai',
    ];
    for (const url of ports) {
      for (const host of foreign) {
        const { status, text } = await ask(url, { host });
        expect(status, `${url} ${host}`).toBe(421);
        expect(text).toContain('could be that of a web page');
      }
    }
  });

  test('hosts that no page can have are accepted: probes, scrapes, Compose, clusters, port forwards', async () => {
    const { ports } = await startAll();
    const own = [
      '127.0.0.1:8081',
      'localhost',
      'LOCALHOST:9',
      'localhost.',
      'edge.localhost:80',
      '[::1]:8081',
      '10.1.2.3:8081',
      '[fd00::12]',
      'edge:8081',
      'halfopen-greeter-1',
      'toxiproxy_1:8474',
      'edge.default.svc:8081',
      'edge.default.svc.cluster.local:8081',
      'ip-10-0-0-1.ec2.internal',
    ];
    for (const url of ports) {
      for (const host of own) expect((await ask(url, { host })).status, `${url} ${host}`).toBe(200);
    }
  });

  test('a target with a host of its own counts as that host (RFC 9112 §3.2.2)', async () => {
    const { edge } = await startAll();
    const raw = (target: string) =>
      exchange(edge.opsUrl, `GET ${target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
    expect(await raw('http://attacker.example/livez')).toMatch(/^HTTP\/1\.1 421 /);
    expect(await raw('http://localhost/livez')).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('HTTP/1.0 without a Host is no browser', async () => {
    const { edge } = await startAll();
    expect(await exchange(edge.opsUrl, 'GET /livez HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
  });

  test.each([
    'http://attacker.example',
    'http://localhost:3000',
    'https://grafana.example',
    'null',
    'http://127.0.0.1',
  ])('the origin %s is refused with 403 and the reason', async (origin) => {
    const { ports } = await startAll();
    for (const url of ports) {
      for (const method of ['GET', 'OPTIONS', 'POST']) {
        const { status, text } = await ask(url, { origin }, method);
        expect(status, `${method} ${url}`).toBe(403);
        expect(text).toContain('a web page of the origin');
      }
    }
  });

  test('a site that asks without an Origin, as an image or a frame does, is refused with 403 and the reason', async () => {
    const { ports, edge } = await startAll();
    const image = { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' };
    const frame = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' };
    const link = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    for (const url of ports) {
      for (const site of ['cross-site', 'same-site']) {
        for (const headers of [image, frame]) {
          const { status, text } = await ask(url, { 'sec-fetch-site': site, ...headers });
          expect(status, `${site} ${url}`).toBe(403);
          expect(text).toContain('a web page of another origin');
        }
        expect((await ask(url, { 'sec-fetch-site': site, ...link })).status, url).toBe(200);
        expect((await ask(url, { 'sec-fetch-site': site, ...link }, 'POST')).status, url).toBe(403);
      }
      for (const site of ['same-origin', 'none']) {
        expect((await ask(url, { 'sec-fetch-site': site, ...image })).status, url).toBe(200);
      }
    }
    expect((await ask(`${edge.url}/hello`, { 'sec-fetch-site': 'cross-site', ...image })).status).toBe(200);
  });

  test('one Host, and one that counts: every other form is refused by each port', async () => {
    const { edge, greeter, wire } = await startAll();
    const heads: [string, string][] = [
      ['two hosts', 'host: localhost\r\nhost: attacker.example\r\n'],
      ['two equal hosts', 'host: localhost\r\nhost: localhost\r\n'],
      ['no host', ''],
      ['an empty host', 'host: \r\n'],
      ['a host with a name and a password', 'host: localhost@attacker.example\r\n'],
      ['a list', 'host: localhost, attacker.example\r\n'],
      ['a foreign host behind a space', 'host: localhost attacker.example\r\n'],
      ['an IPv6 address with a foreign tail', 'host: [::1].attacker.example\r\n'],
    ];
    for (const [url, path] of [
      [edge.opsUrl, '/livez'],
      [greeter.opsUrl, '/livez'],
      [wire.url, '/version'],
    ] as const) {
      const statusOf = async (target: string, head: string, version = '1.1') =>
        /^HTTP\/1\.1 (\d+)/.exec(
          await exchange(url, `GET ${target} HTTP/${version}\r\n${head}connection: close\r\n\r\n`),
        )?.[1];
      for (const [what, head] of heads) expect(['400', '421'], `${url} ${what}`).toContain(await statusOf(path, head));
      for (const target of [
        `http://attacker.example${path}`,
        `HTTPS://attacker.example:80${path}`,
        `http://localhost@attacker.example${path}`,
        `http://attacker.example.${path}`,
      ]) {
        expect(await statusOf(target, 'host: localhost\r\n'), `${url} ${target}`).toBe('421');
      }
      expect(await statusOf(path, '', '1.0')).toBe('200');
      expect(await statusOf(path, 'origin: http://attacker.example\r\n', '1.0')).toBe('403');
      expect(await statusOf(path, 'host: attacker.example\r\n', '1.0')).toBe('421');
      expect(await statusOf(`http://localhost${path}`, 'host: attacker.example\r\n')).toBe('200');
    }
  });

  test('a page of the port itself may use it', async () => {
    const { ports } = await startAll();
    for (const url of ports) {
      const { host, origin } = new URL(url);
      expect((await ask(url, { host, origin })).status).toBe(200);
      expect((await ask(url, { host: 'localhost:9', origin: 'http://localhost:9' })).status).toBe(200);
    }
  });

  test('nothing is switched: no plan, no proxy', async () => {
    const { greeter, wire } = await startAll();
    const page = { host: 'attacker.example:5001', origin: 'http://attacker.example:5001' };
    expect((await ask(`${greeter.opsUrl}/faults`, page, 'PUT', PLAN)).status).toBe(421);
    expect((await ask(`${greeter.opsUrl}/faults`, { origin: 'http://attacker.example' }, 'PUT', PLAN)).status).toBe(
      403,
    );
    expect((await ask(`${greeter.opsUrl}/faults`, {})).text).toContain('"faults":[]');
    const proxy = '{"name":"x","listen":"127.0.0.1:0","upstream":"127.0.0.1:1"}';
    expect((await ask(`${wire.url}/proxies`, page, 'POST', proxy)).status).toBe(421);
    // What a page may send without asking: the user agent is not always that of a browser.
    const simple = { origin: 'http://attacker.example', 'content-type': 'text/plain' };
    expect((await ask(`${wire.url}/proxies`, simple, 'POST', proxy)).status).toBe(403);
    expect(wire.proxies.list()).toEqual([]);
  });

  test('x-fault is refused to a page on the public ports, which are otherwise public', async () => {
    const { edge, greeter } = await startAll();
    for (const { url } of [edge, greeter]) {
      const host = 'attacker.example';
      expect((await ask(`${url}/hello`, { host, 'x-fault': 'status=503' })).status).toBe(421);
      expect((await ask(`${url}/hello`, { origin: `http://${host}`, 'x-fault': 'status=503' })).status).toBe(403);
      expect((await ask(`${url}/hello`, { host, origin: `http://${host}` })).status).toBe(200);
      expect((await ask(`${url}/hello`, { host: 'edge:8080', 'x-fault': 'status=418' })).status).not.toBe(421);
    }
  });

  test('ALLOWED_HOSTS adds names', async () => {
    const { edge } = await startSystem({ ALLOWED_HOSTS: 'Ops.Example, other.example' });
    const statusOf = async (host: string) => (await ask(`${edge.opsUrl}/livez`, { host })).status;
    expect(await statusOf('ops.example:8081')).toBe(200);
    expect(await statusOf('other.example')).toBe(200);
    expect(await statusOf('more.ops.example')).toBe(421);
    expect((await ask(`${edge.url}/hello`, { host: 'ops.example', 'x-fault': 'delay=1' })).status).toBe(200);
    const wire = await startProxyServer({ listen: '127.0.0.1:0', allowedHosts: ['wire.example'] });
    onTestFinished(() => wire.stop());
    expect((await ask(`${wire.url}/version`, { host: 'wire.example:8474' })).status).toBe(200);
    expect((await ask(`${wire.url}/version`, { host: 'ops.example' })).status).toBe(421);
  });
});
