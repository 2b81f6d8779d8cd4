import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { pipeline } from 'node:stream';
import { startProxyServer } from '@halfopen/wire/app';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { launchChromium } from '../harness/chromium.ts';
import { get, startSystem } from '../harness/system.ts';

let browser: Browser;

beforeAll(async () => {
  browser = await launchChromium([
    // What the owner of a name does to rebind it: the browser is sent to loopback.
    '--host-resolver-rules=MAP *.example 127.0.0.1, MAP *.example. 127.0.0.1, MAP *.nip.io 127.0.0.1',
    // Some browsers refuse pages of the internet to ask loopback, or ask their user. Others do not: the services must hold.
    '--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests,PrivateNetworkAccessSendPreflights',
  ]);
});
afterAll(() => browser?.close());

async function startAll() {
  const system = await startSystem();
  const wire = await startProxyServer({ listen: '127.0.0.1:0' });
  onTestFinished(() => wire.stop());
  return { ...system, wire };
}

/** A page that came from its owner's server. Everything that it asks for later goes to where its name leads. */
async function pageOf(origin: string): Promise<Page> {
  const page = await browser.newPage();
  onTestFinished(() => page.close());
  await page.route(`${origin}/page`, (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>A page</title>' }),
  );
  await page.goto(`${origin}/page`);
  return page;
}

interface Init {
  readonly method?: string;
  readonly mode?: 'no-cors';
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** The status that the page sees; 0 where the browser does not tell it, -1 where the request fails. */
const ask = (page: Page, url: string, init: Init = {}): Promise<number> =>
  page.evaluate(
    ({ url: target, init: how }: { url: string; init: Init }) =>
      fetch(target, how).then(
        ({ status }) => status,
        () => -1,
      ),
    { url, init },
  );

const EXIT = JSON.stringify({ faults: [{ id: 'down', status: 503 }] });
const attacker = (url: string) => `http://attacker.example:${new URL(url).port}`;

test('a page whose name was rebound to loopback reads and switches nothing', async () => {
  const { edge, greeter, wire } = await startAll();
  const faults = await pageOf(attacker(greeter.opsUrl));
  expect(await ask(faults, '/faults')).toBe(421);
  expect(await ask(faults, '/faults', { method: 'PUT', body: EXIT })).toBe(421);
  expect((await get(`${greeter.opsUrl}/faults`)).json.faults).toEqual([]);

  const ops = await pageOf(attacker(edge.opsUrl));
  for (const path of ['/downstreams', '/metrics', '/livez']) expect(await ask(ops, path), path).toBe(421);

  const proxies = await pageOf(attacker(wire.url));
  const proxy = JSON.stringify({ name: 'x', listen: '127.0.0.1:0', upstream: '127.0.0.1:1' });
  expect(await ask(proxies, '/proxies', { method: 'POST', body: proxy })).toBe(403);
  expect(wire.proxies.list()).toEqual([]);

  const api = await pageOf(attacker(edge.url));
  expect(await ask(api, '/hello', { headers: { 'x-fault': 'status=503' } })).toBe(421);
  expect(await ask(api, '/hello')).toBe(200);
});

test('a page of another origin switches nothing either', async () => {
  const { edge, greeter, wire } = await startAll();
  const page = await pageOf('http://attacker.example');
  expect(await ask(page, `${greeter.opsUrl}/faults`)).toBe(-1);
  expect(await ask(page, `${greeter.opsUrl}/faults`, { method: 'PUT', body: EXIT })).toBe(-1);
  expect((await get(`${greeter.opsUrl}/faults`)).json.faults).toEqual([]);
  // What a page may send without being allowed to: the answer stays hidden from it, the request arrives.
  const proxy = JSON.stringify({ name: 'x', listen: '127.0.0.1:0', upstream: '127.0.0.1:1' });
  expect(await ask(page, `${wire.url}/proxies`, { method: 'POST', mode: 'no-cors', body: proxy })).toBe(0);
  expect(wire.proxies.list()).toEqual([]);
  expect(await ask(page, `${edge.url}/hello`, { headers: { 'x-fault': 'status=503' } })).toBe(-1);
});

test.each(['evil.example', 'evil.example.', 'localhost.evil.example', '127.0.0.1.nip.io', 'edge.svc.evil.example'])(
  'a page of %s, rebound to loopback, gets 421 and the reason',
  async (name) => {
    const { edge, greeter } = await startAll();
    for (const [url, path] of [
      [greeter.opsUrl, '/faults'],
      [edge.opsUrl, '/downstreams'],
    ] as const) {
      const page = await pageOf(`http://${name}:${new URL(url).port}`);
      const told = await page.evaluate((target) => fetch(target).then(async (r) => [r.status, await r.text()]), path);
      expect(told).toEqual([421, expect.stringContaining('could be that of a web page')]);
      expect(await ask(page, path, { method: 'DELETE' })).toBe(421);
    }
  },
);

/** The start of a script that makes a frame. */
const FRAME = "const frame = document.body.appendChild(document.createElement('iframe'));";

/** What a page may send without asking first, by each way that HTML and scripts have. */
const SIMPLE: Readonly<Record<string, (url: string) => string>> = {
  'a form': (url) => `{
    ${FRAME}
    frame.name = 'into-' + Math.random();
    const form = Object.assign(document.createElement('form'), {
      action: '${url}', method: 'POST', enctype: 'text/plain', target: frame.name,
    });
    form.append(Object.assign(document.createElement('input'), { name: '{"faults":[],"x":"', value: '"}' }));
    document.body.append(form);
    form.submit();
  }`,
  'a form in a sandbox, whose origin is null,': (url) => `{
    ${FRAME}
    frame.setAttribute('sandbox', 'allow-forms allow-scripts');
    frame.srcdoc = '<form action="${url}" method="POST"></form><script>document.forms[0].submit()</' + 'script>';
  }`,
  'fetch without CORS': (url) =>
    `void fetch('${url}', { method: 'POST', mode: 'no-cors', body: '{}' }).catch(() => {})`,
  'a beacon': (url) => `navigator.sendBeacon('${url}', '{}')`,
  'an image': (url) => `document.body.append(Object.assign(new Image(), { src: '${url}' }))`,
  'a script': (url) => `document.body.append(Object.assign(document.createElement('script'), { src: '${url}' }))`,
  'a frame': (url) => `{ ${FRAME} frame.src = '${url}'; }`,
};

/** A relay to a port that notes the status of each answer: for some of them the browser tells nobody. */
async function noted(url: string): Promise<{ readonly url: string; readonly statuses: string[] }> {
  const statuses: string[] = [];
  const relay = createServer((caller) => {
    const server = connect(Number(new URL(url).port), '127.0.0.1');
    server.on('data', (data) => statuses.push(...(data.toString('latin1').match(/(?<=HTTP\/1\.1 )\d+/g) ?? [])));
    pipeline(caller, server, caller, () => undefined);
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  onTestFinished(() => {
    relay.close();
  });
  return { url: `http://127.0.0.1:${(relay.address() as AddressInfo).port}`, statuses };
}

test.each(Object.keys(SIMPLE))('%s of a page elsewhere, or on another port of this machine, gets 403', async (way) => {
  const { edge, greeter, wire } = await startAll();
  for (const origin of ['http://attacker.example', edge.url.replace('127.0.0.1', 'localhost')]) {
    const page = await pageOf(origin);
    for (const [port, path] of [
      [greeter.opsUrl, '/faults'],
      [edge.opsUrl, '/metrics'],
      [wire.url, '/reset'],
    ] as const) {
      const { url, statuses } = await noted(port);
      await page.evaluate(SIMPLE[way]?.(url + path) ?? '');
      // A browser may send what was refused once more.
      await expect.poll(() => [...new Set(statuses)], { message: `${origin} to ${path}` }).toEqual(['403']);
    }
  }
});

test('a link that a person follows to an ops port works, and its page reads nothing', async () => {
  const { edge } = await startAll();
  const page = await pageOf('http://attacker.example');
  await page.setContent(`<a href="${edge.opsUrl}/downstreams">downstreams</a>`);
  const answered = page.waitForResponse(`${edge.opsUrl}/downstreams`);
  await page.click('a');
  expect((await answered).status()).toBe(200);
});

test('the pages that the edge itself serves work', async () => {
  const { edge } = await startAll();
  const page = await browser.newPage();
  onTestFinished(() => page.close());
  await page.goto(`${edge.url.replace('127.0.0.1', 'localhost')}/docs`);
  expect(await ask(page, '/hello', { headers: { 'x-fault': 'status=418' } })).toBe(502);
  await page.goto(`${edge.opsUrl}/downstreams`);
  expect(await ask(page, '/downstreams')).toBe(200);
});
