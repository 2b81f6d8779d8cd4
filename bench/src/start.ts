import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';

/** How a process is started. */
export type Start =
  | {
      /** A script of the repository, by its path from the root. */
      readonly script: string;
      readonly flags?: readonly string[];
      readonly env: Readonly<Record<string, string>>;
    }
  | { readonly command: string; readonly args: readonly string[] };

export interface Running {
  readonly url: string;
  readonly pid: number;
  /** From before it was started to its first right answer. */
  readonly startUpMs: number;
  /** Has what it wrote to its standard output. */
  readonly logFile: string;
  /** At once. */
  stop(): Promise<void>;
  /** Lets it end by itself. */
  end(): Promise<void>;
}

const ROOT = new URL('../../', import.meta.url);
const GIVE_UP_AFTER_MS = 15_000;
const ASK_EVERY_MS = 2;

/** Logs and configurations, until this process ends. */
export const folder = mkdtempSync(join(tmpdir(), 'halfopen-bench-'));
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

let files = 0;

/**
 * Starts a process and asks it until it answers with the status that is expected. What it writes to its standard output goes to a
 * file, as a container's does.
 * @throws Error where it ends before that, or takes longer than 15 s
 */
export async function start(how: Start, port: number, expected = 200): Promise<Running> {
  const url = `http://127.0.0.1:${port}`;
  const logFile = join(folder, `${++files}.log`);
  const log = openSync(logFile, 'a');
  const startedAt = performance.now();
  const child = spawned(how, log);
  closeSync(log);
  running.add(child);
  const exited = once(child, 'exit').then(() => running.delete(child));
  const ready = async (): Promise<number> => {
    for (;;) {
      if (!running.has(child)) throw new Error(`${nameOf(how)} has ended before it answered`);
      const status = await statusOf(`${url}/hello?name=John`);
      if (status === expected) return performance.now() - startedAt;
      if (performance.now() - startedAt > GIVE_UP_AFTER_MS) {
        throw new Error(`${nameOf(how)} answers ${status ?? 'nothing'}, not ${expected}`);
      }
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    }
  };
  return {
    url,
    pid: child.pid as number,
    startUpMs: await ready(),
    logFile,
    async stop() {
      child.kill('SIGKILL');
      await exited;
    },
    async end() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function spawned(how: Start, log: number): ChildProcess {
  if ('command' in how) return spawn(how.command, how.args, { stdio: ['ignore', log, 'inherit'] });
  return fork(fileURLToPath(new URL(how.script, ROOT)), {
    // Nothing of the user's shell must change the figures.
    env: { PATH: process.env.PATH, ...how.env },
    execArgv: [...(how.flags ?? [])],
    stdio: ['ignore', log, 'inherit', 'ipc'],
  });
}

const nameOf = (how: Start) => ('command' in how ? how.command : how.script);

async function statusOf(url: string): Promise<number | undefined> {
  try {
    const { statusCode, body } = await request(url, { reset: true });
    await body.dump();
    return statusCode;
  } catch {
    // Nobody listens yet.
    return undefined;
  }
}

/** Ports on which nothing listens. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(servers.map((server) => once(server.listen(0, '127.0.0.1'), 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** One of {@link freePorts}. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port as number;
}
