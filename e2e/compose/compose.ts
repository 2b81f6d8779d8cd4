import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify, stripVTControlCharacters } from 'node:util';
import { type Answer, get } from '../harness/system.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));

/** A name and ports of its own: a developer's running system is neither disturbed nor mistaken for this one. */
export const env = {
  ...process.env,
  COMPOSE_PROJECT_NAME: 'halfopen-test',
  COMPOSE_FILE: 'docker-compose.yml',
  EDGE_PORT: '21080',
  EDGE_OPS_PORT: '21081',
  GREETER_OPS_PORTS: '21501-21503',
};

/** One for each greeter, in order. */
export const GREETER_OPS_URLS = ['http://127.0.0.1:21501', 'http://127.0.0.1:21502', 'http://127.0.0.1:21503'];

export const hello = (fault?: string): Promise<Answer> =>
  get('http://127.0.0.1:21080/hello?name=John', fault === undefined ? {} : { 'x-fault': fault });

/** `docker …` in the repository's root, for what Compose has no command of its own. Resolves to what it printed. */
export function docker(...args: string[]): Promise<string> {
  return dockerIn(root, env, args);
}

/** `docker …` in a folder, with an environment. Resolves to what it printed. */
export async function dockerIn(cwd: string, variables: NodeJS.ProcessEnv, args: readonly string[]): Promise<string> {
  const { stdout } = await run('docker', args, { cwd, env: variables, maxBuffer: 2 ** 26 });
  return stripVTControlCharacters(stdout);
}

/** `docker compose …`, said and timed. */
export async function compose(...args: string[]): Promise<string> {
  const startedAt = performance.now();
  const output = await docker('compose', ...args);
  say(`docker compose ${args.join(' ')} (${Math.round(performance.now() - startedAt)} ms)`);
  return output;
}

export function say(line: string): void {
  process.stderr.write(`  ${line}\n`);
}

/** @throws Error that says what to do, when there is no engine to run containers on */
export async function requireEngine(): Promise<void> {
  await docker('version').catch(() => {
    throw new Error(
      'no Docker engine is reachable: install one with `curl -fsSL https://get.docker.com | sh`, start it, or point DOCKER_HOST at one',
    );
  });
  await docker('compose', 'version').catch(() => {
    throw new Error('`docker compose` is missing: `sudo apt-get install docker-compose-plugin`');
  });
}

/** The part of `docker inspect` that is looked at. */
interface Container {
  readonly Config: { readonly User: string };
  readonly State: {
    readonly Status: string;
    readonly ExitCode: number;
    readonly OOMKilled: boolean;
    readonly Health?: { readonly Status: string };
  };
  readonly HostConfig: {
    readonly ReadonlyRootfs: boolean;
    readonly Privileged: boolean;
    readonly CapAdd: readonly string[] | null;
    readonly CapDrop: readonly string[] | null;
    readonly SecurityOpt: readonly string[] | null;
    readonly Memory: number;
    readonly MemorySwap: number;
    readonly NanoCpus: number;
    readonly PidsLimit: number | null;
    readonly Init?: boolean | null;
  };
  readonly NetworkSettings: {
    readonly Ports: Readonly<Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[] | null>>;
  };
}

/** Every container of a service, running or not. */
export async function containers(service: string): Promise<Container[]> {
  const ids = (await docker('compose', 'ps', '--all', '--quiet', service)).split('\n').filter(Boolean);
  return ids.length === 0 ? [] : (JSON.parse(await docker('inspect', ...ids)) as Container[]);
}

/** Runs JavaScript in a service's container; resolves to the value of the expression. */
export async function inside(service: string, expression: string): Promise<unknown> {
  const script = `console.log(JSON.stringify(${expression}))`;
  return JSON.parse(await docker('compose', 'exec', '--no-TTY', service, 'node', '--eval', script));
}

/** Names of the packages that the repository's manifests want for development only. */
export function devDependencies(): string[] {
  const manifests = ['package.json', ...globSync('{packages,services}/*/package.json', { cwd: root })].map(
    (path) => JSON.parse(readFileSync(`${root}${path}`, 'utf8')) as Partial<Record<string, object>>,
  );
  const named = (kind: string) => new Set(manifests.flatMap((manifest) => Object.keys(manifest[kind] ?? {})));
  const needed = named('dependencies');
  return [...named('devDependencies')].filter((name) => !needed.has(name));
}
