import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify, stripVTControlCharacters } from 'node:util';
import { ROOT } from '../services.ts';
import type { Word } from '../start/control.ts';
import { Refusal, type System } from './system.ts';

const run = promisify(execFile);
const root = fileURLToPath(ROOT);

/** What `docker compose ps` says of a container; the part that is looked at. */
interface Container {
  readonly ID: string;
  readonly Name: string;
  readonly Project: string;
  readonly Service: string;
  readonly State: string;
  readonly Status: string;
  readonly Publishers: readonly { readonly URL: string; readonly PublishedPort: number }[] | null;
}

const COMPOSE_WORDS: Readonly<Record<Word, readonly string[]>> = {
  pause: ['pause'],
  resume: ['unpause'],
  kill: ['kill'],
  start: ['start'],
  restart: ['restart', '--no-deps'],
};

const DONE: Readonly<Record<Word, string>> = {
  pause: 'is paused',
  resume: 'goes on',
  kill: 'is killed',
  start: 'is started',
  restart: 'is restarted',
};

/**
 * The composed system of this folder (or of `COMPOSE_PROJECT_NAME`), if any container of it runs.
 * @throws Refusal when Docker cannot be asked
 */
export async function findCompose(): Promise<System | undefined> {
  const containers = await list();
  if (!containers.some(({ State }) => ['running', 'paused', 'restarting'].includes(State))) return undefined;
  const project = containers[0]?.Project ?? '';
  return composeSystem(project);
}

function composeSystem(project: string): System {
  const title = `docker compose (project ${project})`;
  /** The containers of a service. What this project has not created is not found, so it is not touched. */
  const containersOf = async (service: string): Promise<readonly Container[]> => {
    const all = await list();
    const own = all.filter(({ Service }) => Service === service);
    if (own.length > 0) return own;
    const there = [...new Set(all.map(({ Service }) => Service))].toSorted();
    throw new Refusal(`${title} has no ${service}; it has ${there.join(', ')}`);
  };
  const networks = async () =>
    lines(await docker('network', 'ls', '--quiet', '--filter', `label=com.docker.compose.project=${project}`));
  return {
    title,
    status: async () =>
      (await list()).map(({ Service, State, Status, Name, Publishers }) => ({
        service: Service,
        state: State === 'running' ? Status.toLowerCase() : State,
        id: Name,
        where:
          [...new Set((Publishers ?? []).filter(({ PublishedPort }) => PublishedPort > 0))]
            .map(({ URL, PublishedPort }) => `${URL}:${PublishedPort}`)
            .join(' ') || '-',
      })),
    command: async (word, service) => {
      await containersOf(service);
      await docker('compose', ...COMPOSE_WORDS[word], service);
      return `${service} ${DONE[word]} (${(await containersOf(service)).map(({ Name }) => Name).join(', ')})`;
    },
    scale: async (service, count) => {
      await containersOf(service);
      // Only this service, and of it only the difference: nothing else is created anew, whatever has changed meanwhile.
      const only = ['--detach', '--no-deps', '--no-recreate', '--no-build'];
      await docker('compose', 'up', ...only, '--scale', `${service}=${count}`, service);
      return `${service} has ${count} ${count === 1 ? 'replica' : 'replicas'}`;
    },
    isolate: async (service) => {
      const own = await containersOf(service);
      let cut = 0;
      for (const network of await networks()) {
        const members = await membersOf(network);
        for (const { ID } of own.filter((container) => members.has(container.ID))) {
          await docker('network', 'disconnect', network, ID);
          cut += 1;
        }
      }
      if (cut === 0) throw new Refusal(`${service} is isolated already`);
      return `${service} is isolated: it runs and has no network (${own.map(({ Name }) => Name).join(', ')})`;
    },
    rejoin: async (service) => {
      const own = await containersOf(service);
      let joined = 0;
      for (const network of await networks()) {
        const members = await membersOf(network);
        for (const { ID } of own.filter((container) => !members.has(container.ID))) {
          // The name that others find it by was lost with the network.
          await docker('network', 'connect', '--alias', service, network, ID);
          joined += 1;
        }
      }
      if (joined === 0) throw new Refusal(`${service} is not isolated`);
      return `${service} has its network again (${own.map(({ Name }) => Name).join(', ')})`;
    },
  };
}

async function list(): Promise<readonly Container[]> {
  const output = await docker('compose', 'ps', '--all', '--no-trunc', '--format', 'json');
  return lines(output).map((line) => JSON.parse(line) as Container);
}

/** Ids of the containers that are in a network. */
async function membersOf(network: string): Promise<ReadonlySet<string>> {
  const [described] = JSON.parse(await docker('network', 'inspect', network)) as [{ Containers: object }];
  return new Set(Object.keys(described.Containers));
}

/** @throws Refusal with what docker said */
async function docker(...args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await run('docker', args, { cwd: root, maxBuffer: 2 ** 24 });
    return stdout;
  } catch (error) {
    const { code, stderr = '' } = error as { code?: string | number; stderr?: string };
    if (code === 'ENOENT') throw new Refusal('there is no `docker` command here', { cause: error });
    const said = stripVTControlCharacters(stderr).trim().split('\n').at(-1);
    throw new Refusal(`docker ${args.slice(0, 2).join(' ')}: ${said || String(error)}`, { cause: error });
  }
}

function lines(text: string): string[] {
  return text.split('\n').filter(Boolean);
}
