/** The edge process in front of a server with TLS: whom it believes (RFC 9110 §4.3.4). */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startScriptOf } from '@halfopen/runner';
import { expect, onTestFinished, test } from 'vitest';
import { makeCertificate } from '../harness/certificate.ts';
import { spawnScript } from '../harness/process.ts';
import { get, PATIENT } from '../harness/system.ts';

const { key, certificate } = await makeCertificate();

/** Node reads further authorities only when a process starts, so the edge is one. Every name is 127.0.0.1. */
async function edgeInFrontOf(host: string, isTrusted: boolean) {
  const seen: (string | undefined)[] = [];
  const server = createServer({ key, cert: certificate }, (req, res) => {
    seen.push(req.headers.host?.replace(/:\d+$/, ''));
    res.setHeader('content-type', 'application/json').end('{"message":"Hi"}');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const folder = mkdtempSync(join(tmpdir(), 'halfopen-tls-'));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true });
  });
  const [authorities, names] = [join(folder, 'ca.pem'), join(folder, 'names')];
  writeFileSync(authorities, certificate);
  writeFileSync(names, '127.0.0.1\n');
  const { main, nodeFlags } = startScriptOf('edge');
  const edge = spawnScript(
    main,
    {
      ...PATIENT,
      EDGE_PORT: '0',
      EDGE_OPS_PORT: '0',
      GREETER_URL: `https://${host}:${(server.address() as AddressInfo).port}`,
      NAMES_FILE: names,
      ...(isTrusted ? { NODE_EXTRA_CA_CERTS: authorities } : {}),
    },
    [...nodeFlags, '--import', fileURLToPath(new URL('../harness/names.ts', import.meta.url))],
  );
  return { url: (await edge.listening).url, seen };
}

test.each([
  ['a name', 'greeter.test', 'greeter.test'],
  ['a name with a final dot', 'greeter.test.', 'greeter.test.'],
  ['an address', '127.0.0.1', '127.0.0.1'],
])('a certificate for %s is believed', async (_what, host, named) => {
  const { url, seen } = await edgeInFrontOf(host, true);
  expect((await get(`${url}/hello`)).status).toBe(200);
  expect(seen).toEqual([named]);
});

test.each([
  ['for another name', 'other.test', true],
  ['that nobody vouches for', 'greeter.test', false],
])('a certificate %s is not: nothing is sent, and the error is `unreachable`', async (_what, host, isTrusted) => {
  const { url, seen } = await edgeInFrontOf(host, isTrusted);
  const { status, json } = await get(`${url}/hello`);
  expect([status, json.code]).toEqual([503, 'unreachable']);
  expect(json.detail).toMatch(/CERT/);
  expect(seen).toEqual([]);
});
