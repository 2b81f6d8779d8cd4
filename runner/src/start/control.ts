import { chmodSync, globSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EndedBeforeListening, type Listening, type ServiceProcess, type ServiceState } from '../service-process.ts';
import { ROOT } from '../services.ts';

/** The words that `pnpm start` itself carries out, as the parent of the services. */
const WORDS = ['pause', 'resume', 'kill', 'start', 'restart'] as const;
export type Word = (typeof WORDS)[number];

/** One running `pnpm start`, as it describes itself. */
export interface Status {
  /** Of `pnpm start`. */
  readonly pid: number;
  readonly services: readonly {
    readonly name: string;
    readonly state: ServiceState;
    readonly pid?: number;
    readonly url?: string;
    readonly opsUrl?: string;
  }[];
}

const FOLDER = fileURLToPath(new URL('.halfopen/', ROOT));

/** The longest path that a socket may have on macOS; Linux allows four more. */
const MAX_PATH = 103;
/** A question about its state is answered at once, unless it hangs or is frozen itself. */
const ANSWER_WITHIN_MS = 5_000;

/**
 * Lets `pnpm faults` command the services, over a socket that only this user can open. One for each `pnpm start`: several
 * may run beside each other.
 * @returns what closes it
 */
export async function openControl(services: readonly ServiceProcess[]): Promise<() => void> {
  mkdirSync(FOLDER, { recursive: true });
  chmodSync(FOLDER, 0o700);
  await removeStale();
  const path = shortest(`${FOLDER}start-${process.pid}.sock`);
  // A process that was killed may have left one of this number.
  rmSync(path, { force: true });
  const server = serve(services);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  server.unref();
  return () => {
    server.close();
    server.closeAllConnections();
  };
}

/** The sockets of every `pnpm start` of this repository, some perhaps without one behind it. */
export function controlPaths(): string[] {
  return globSync(`${FOLDER}start-*.sock`).map(shortest);
}

/**
 * Asks the `pnpm start` behind a socket.
 * @returns `undefined` when nobody is behind it
 * @throws Error that says why it refused, or that it does not answer
 */
export function ask<T>(path: string, method: 'GET' | 'POST', url: string, withinMs?: number): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    // Not the global agent: it gives up after five seconds, and a service may take longer to end its requests.
    const asked = request({ socketPath: path, method, path: url, timeout: withinMs, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      answer.on('end', () => {
        if (answer.statusCode === 200) resolve(JSON.parse(text) as T);
        else reject(new Error((JSON.parse(text) as { error: string }).error));
      });
    });
    asked.on('timeout', () => asked.destroy(new Error(`the \`pnpm start\` behind ${path} does not answer`)));
    asked.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(undefined);
      else reject(error);
    });
    asked.end();
  });
}

export const askStatus = (path: string) => ask<Status>(path, 'GET', '/status', ANSWER_WITHIN_MS);

function serve(services: readonly ServiceProcess[]): Server {
  let last: Promise<unknown> = Promise.resolve();
  return createServer((req, res) => {
    const answer = (status: number, body: object) => {
      res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const [, name = '', word = ''] = req.url?.split('/') ?? [];
    if (req.method === 'GET' && req.url === '/status') {
      answer(200, statusOf(services));
      return;
    }
    const service = services.find((one) => one.name === name);
    const known = WORDS.find((other) => other === word);
    if (req.method !== 'POST' || service === undefined || known === undefined) {
      answer(404, { error: `there is no ${name} here; there is ${services.map((one) => one.name).join(' and ')}` });
      return;
    }
    // One command after the other: a kill in the middle of a restart would end the wrong process.
    last = last
      .then(() => carryOut(service, known))
      .then(
        (message) => answer(200, { message }),
        (error: unknown) => {
          const refused = error instanceof CommandError;
          answer(refused ? 409 : 500, { error: refused ? error.message : String(error) });
        },
      );
  });
}

/** A command that does not fit the state of the service. */
class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** @throws CommandError */
async function carryOut(service: ServiceProcess, word: Word): Promise<string> {
  const { name, pid: before, state } = service;
  const runs = state !== 'stopped';
  if (word === 'start' && runs) throw new CommandError(`${name} is ${state}: there is nothing to start`);
  if (word !== 'start' && !runs) throw new CommandError(`${name} does not run: \`pnpm faults start ${name}\``);
  switch (word) {
    case 'pause':
      if (state === 'paused') throw new CommandError(`${name} is paused already`);
      service.pause();
      return `${name} is paused (pid ${before})`;
    case 'resume':
      if (state !== 'paused') throw new CommandError(`${name} is not paused`);
      service.resume();
      return `${name} goes on (pid ${before})`;
    case 'kill':
      await service.kill();
      return `${name} is killed (it was pid ${before})`;
    case 'start':
      return `${name} listens on ${(await startAgain(service)).url} (pid ${service.pid})`;
    case 'restart':
      await service.stop();
      return `${name} listens on ${(await startAgain(service)).url} again (pid ${service.pid}, it was ${before})`;
  }
  return word satisfies never;
}

/** @throws CommandError */
function startAgain(service: ServiceProcess): Promise<Listening> {
  return service.start().catch((error: unknown) => {
    if (!(error instanceof EndedBeforeListening)) throw error;
    throw new CommandError(`${service.name} ended before it listened: its own line says why`, { cause: error });
  });
}

function statusOf(services: readonly ServiceProcess[]): Status {
  return {
    pid: process.pid,
    services: services.map(({ name, state, pid, listening }) => ({
      name,
      state,
      ...(pid === undefined ? {} : { pid }),
      ...(listening === undefined ? {} : { url: listening.url, opsUrl: listening.opsUrl }),
    })),
  };
}

/** Sockets that a killed `pnpm start` has left. */
async function removeStale(): Promise<void> {
  for (const path of controlPaths()) {
    const status = await askStatus(path).catch((error: unknown) => error);
    if (status === undefined) rmSync(path, { force: true });
  }
}

/** The path from here, where that is shorter: the system allows a socket about a hundred characters. */
function shortest(path: string): string {
  const [short = path] = [relative('', path), path].toSorted((a, b) => a.length - b.length);
  if (Buffer.byteLength(short) <= MAX_PATH) return short;
  throw new Error(`${path} is too long a path for a socket: put the repository into a folder with a shorter path`);
}
