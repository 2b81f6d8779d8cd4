import { fileURLToPath } from 'node:url';
import { type Listening, ROOT, startScript, startScriptOf } from '@halfopen/runner';
import { onTestFinished } from 'vitest';
import { running } from './running.ts';

export interface ServiceProcess {
  readonly pid: number;
  readonly signal: (name: NodeJS.Signals) => void;
  /** Everything the process has written. */
  readonly output: () => string;
  /** Resolves once the process listens. Rejects if it ends before that. */
  readonly listening: Promise<Listening>;
  /** Resolves with the exit code, or the signal that ended the process. */
  readonly exited: Promise<number | NodeJS.Signals | null>;
}

/** Starting a process is mostly compiling, and the tests start the same services about a hundred times. */
export const COMPILE_CACHE = fileURLToPath(new URL('node_modules/.cache/halfopen-e2e/', ROOT));

/**
 * Runs a script as a process of its own, until the test ends.
 * @param path an absolute path, or one from the root of the repository
 */
export function spawnScript(
  path: string,
  env: Readonly<Record<string, string>> = {},
  nodeFlags: readonly string[] = [],
  args: readonly string[] = [],
): ServiceProcess {
  let output = '';
  const write = (line: string) => {
    output += `${line}\n`;
  };
  const child = startScript(path, {
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
    nodeFlags,
    args,
    stdout: write,
    stderr: write,
  });
  running.add(child.pid);
  onTestFinished(() => child.signal('SIGKILL'));
  const exited = child.ended.then(({ code, signal }) => {
    running.delete(child.pid);
    return code ?? signal;
  });
  const listening = child.firstMessage.then((message) => {
    if (message === undefined) throw new Error(`${path} ended before it listened: ${output}`);
    return message as Listening;
  });
  // A test that waits for the end of the process does not wait for this.
  listening.catch(() => undefined);
  return { pid: child.pid, signal: (name) => child.signal(name), output: () => output, listening, exited };
}

/** A service with the flags of its own start script, on free ports, until the test ends. */
function spawnService(name: string, env: Readonly<Record<string, string>>): ServiceProcess {
  const { main, nodeFlags } = startScriptOf(name);
  return spawnScript(main, env, nodeFlags);
}

export const spawnGreeter = (env: Readonly<Record<string, string>> = {}) =>
  spawnService('greeter', { GREETER_PORT: '0', GREETER_OPS_PORT: '0', ...env });

export const spawnEdge = (env: Readonly<Record<string, string>> = {}) =>
  spawnService('edge', { EDGE_PORT: '0', EDGE_OPS_PORT: '0', ...env });
