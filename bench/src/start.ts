import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { type RunningProcess, startProgram, startScript } from '@halfopen/runner';
import { request } from 'undici';

/** How a process is started. */
export type Start =
  | {
      /** An absolute path, or one from the root of the repository. */
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

const GIVE_UP_AFTER_MS = 15_000;
const ASK_EVERY_MS = 2;

/** Logs and configurations, until this process ends. */
export const folder = mkdtempSync(join(tmpdir(), 'halfopen-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

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
  const ready = async (): Promise<number> => {
    for (;;) {
      if (child.state() === 'ended') throw new Error(`${nameOf(how)} has ended before it answered`);
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
    pid: child.pid,
    startUpMs: await ready(),
    logFile,
    async stop() {
      await child.kill();
    },
    async end() {
      child.signal('SIGTERM');
      await child.ended;
    },
  };
}

function spawned(how: Start, log: number): RunningProcess {
  if ('command' in how) return startProgram(how.command, { args: how.args, env: process.env, stdout: log });
  return startScript(how.script, {
    // Nothing of the user's shell must change the figures.
    env: { PATH: process.env.PATH, ...how.env },
    nodeFlags: how.flags ?? [],
    stdout: log,
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
