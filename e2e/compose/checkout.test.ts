/** The composed system from a checkout that other machines would have: another umask, SELinux, Compose's old naming. */
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../harness/readme.ts';
import { get } from '../harness/system.ts';
import { dockerIn, env, requireEngine } from './compose.ts';

const PARTS = [
  'Dockerfile',
  '.dockerignore',
  'docker-compose.yml',
  'deploy',
  'packages',
  'package.json',
  'pnpm-lock.yaml',
  'pnpm-workspace.yaml',
  'services',
  'turbo.json',
];

const checkout = mkdtempSync(join(tmpdir(), 'halfopen-checkout-'));

const here = {
  ...env,
  COMPOSE_PROJECT_NAME: 'halfopen-checkout-test',
  EDGE_PORT: '21180',
  EDGE_OPS_PORT: '21181',
  GREETER_OPS_PORTS: '21601-21603',
};

const inCheckout = (...args: string[]) => dockerIn(checkout, here, args);
const compose = (...args: string[]) => inCheckout('compose', '--compatibility', ...args);

/** As `git clone` leaves it under umask 077. */
function withUmask077(folder: string): void {
  chmodSync(folder, 0o700);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) withUmask077(path);
    else if (entry.isFile()) chmodSync(path, 0o600);
  }
}

beforeAll(async () => {
  await requireEngine();
  for (const part of PARTS) {
    const isSource = (path: string) => basename(path) !== 'node_modules';
    cpSync(join(root, part), join(checkout, part), { recursive: true, filter: isSource });
  }
  withUmask077(checkout);
});

afterAll(async () => {
  await compose('down', '--volumes', '--remove-orphans', '--rmi', 'local');
  rmSync(checkout, { recursive: true });
});

test('made under umask 077, started with --compatibility: healthy, and the ops ports are those of the greeters', async () => {
  await compose('up', '--build', '--detach', '--wait');

  expect(await compose('ps', '--format', '{{.Name}}')).toContain('halfopen-checkout-test_greeter_1');
  expect((await get('http://127.0.0.1:21180/hello?name=John')).json).toEqual({ message: 'Hello, John!' });
  expect((await get('http://127.0.0.1:21601/faults')).json).toMatchObject({ faults: [] });
  await expect(get('http://127.0.0.1:21602/faults')).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' });
});

test.each([
  ['prometheus', '65534:65534', ['/etc/prometheus/prometheus.yml', '/etc/prometheus/rules/alerts.yml']],
  [
    'grafana',
    '472:0',
    ['/etc/grafana/dashboards/system.json', '/etc/grafana/provisioning/datasources/datasources.yml'],
  ],
])('%s: its user %s reads %j', async (service, user, files) => {
  const image = `halfopen-checkout-test-${service}`;
  // Node's image stands in for the real one, which not every machine can pull. Only what is copied into it matters here.
  const standIn = ['--build-arg', 'IMAGE=node:24-bookworm-slim'];
  await inCheckout('build', '--quiet', '--tag', image, ...standIn, `deploy/${service}`);
  try {
    const read = await inCheckout('run', '--rm', '--user', user, '--cap-drop', 'ALL', image, 'cat', ...files);
    const written = files.map((file) =>
      readFileSync(join(root, 'deploy', service, file.replace(`/etc/${service}/`, '')), 'utf8'),
    );
    expect(read).toBe(written.join(''));
  } finally {
    await inCheckout('rmi', image);
  }
});

test('no service mounts a file of the checkout, and every port is published on loopback', async () => {
  const { services } = JSON.parse(await compose('--profile', '*', 'config', '--format', 'json'));

  expect(Object.keys(services).toSorted()).toEqual([
    'edge',
    'grafana',
    'greeter',
    'greeter-ops',
    'jaeger',
    'prometheus',
    'wire',
  ]);
  for (const [name, service] of Object.entries<Configured>(services)) {
    // With a mount of a file: `selinux: z`, or SELinux keeps the container from it.
    expect(
      (service.volumes ?? []).filter(({ type }) => type === 'bind'),
      name,
    ).toEqual([]);
    for (const { host_ip } of service.ports ?? []) expect(host_ip, name).toBe('127.0.0.1');
  }
});

interface Configured {
  readonly volumes?: readonly { readonly type: string }[];
  readonly ports?: readonly { readonly host_ip?: string }[];
}
