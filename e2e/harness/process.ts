import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { running } from './running.ts';

interface Listening {
  readonly url: string;
  readonly opsUrl: string;
}

export interface ServiceProcess {
  readonly child: ChildProcess;
  /** Everything the process has written. */
  readonly output: () => string;
  /** Resolves once the process listens. */
  readonly listening: Promise<Listening>;
  /** Resolves with the exit code, or the signal that ended the process. */
  readonly exited: Promise<number | NodeJS.Signals | null>;
}

const root = new URL('../../', import.meta.url);

/** Most of a start is compiling, and the tests start the same services some hundred times. */
const compiled = fileURLToPath(new URL('node_modules/.cache/halfopen-e2e/', root));

/** A script of the repository as a process of its own, until the test ends. */
export function spawnScript(
  path: string,
  env: Readonly<Record<string, string>> = {},
  // vitest's own loader must not come along.
  nodeFlags: readonly string[] = [],
  args: readonly string[] = [],
): ServiceProcess {
  const child = fork(fileURLToPath(new URL(path, root)), args, {
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: compiled, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [...nodeFlags],
  });
  const { pid } = child;
  if (pid !== undefined) {
    running.add(pid);
    child.once('exit', () => running.delete(pid));
  }
  let output = '';
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null);
  for (const stream of streams) {
    stream.on('data', (data) => {
      output += data;
    });
  }
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return {
    child,
    output: () => output,
    listening: new Promise((resolve) => {
      child.on('message', (message) => resolve(message as Listening));
    }),
    // Not the event `close`: it does not come once the channel has been disconnected.
    exited: Promise.all([once(child, 'exit'), ...streams.map((stream) => once(stream, 'end'))]).then(
      ([[code, signal]]) => code ?? signal,
    ),
  };
}

/** A service with the flags of its own start script, on free ports, until the test ends. */
function spawnService(name: string, env: Readonly<Record<string, string>>): ServiceProcess {
  const manifest = JSON.parse(readFileSync(new URL(`services/${name}/package.json`, root), 'utf8'));
  const [, ...args] = (manifest.scripts.start as string).split(' ');
  return spawnScript(`services/${name}/${args.at(-1)}`, env, args.slice(0, -1));
}

export const spawnGreeter = (env: Readonly<Record<string, string>> = {}) =>
  spawnService('greeter', { GREETER_PORT: '0', GREETER_OPS_PORT: '0', ...env });

export const spawnEdge = (env: Readonly<Record<string, string>> = {}) =>
  spawnService('edge', { EDGE_PORT: '0', EDGE_OPS_PORT: '0', ...env });
