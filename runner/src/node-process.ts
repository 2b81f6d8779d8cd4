import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { ROOT } from './services.ts';

/** Where the output of a process goes: where ours goes, into an open file, or to a function, line by line. */
export type Output = 'inherit' | number | ((line: string) => void);

export interface ProcessOptions {
  readonly args?: readonly string[];
  /** Flags for Node. Those of this process, such as a test runner's loader, are not passed on. */
  readonly nodeFlags?: readonly string[];
  /** The whole environment: nothing is inherited. */
  readonly env: NodeJS.ProcessEnv;
  /** Default: `inherit`. */
  readonly stdout?: Output;
  /** Default: `inherit`. */
  readonly stderr?: Output;
  /** Puts it into a process group of its own, which a Ctrl-C in the terminal does not reach. Default: false. */
  readonly ownGroup?: boolean;
}

/** How a process ended: one of the two is not null. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** `exit code 1`, or the name of the signal. */
export const describeEnding = ({ code, signal }: Ending): string => signal ?? `exit code ${code}`;

type ProcessState = 'running' | 'paused' | 'ended';

/** A child of this process. As its parent, this process knows whom it signals: no other process can have been given its pid. */
export interface RunningProcess {
  readonly pid: number;
  readonly state: () => ProcessState;
  /** Resolves once it has ended and all its output has been read. */
  readonly ended: Promise<Ending>;
  /** Resolves with the first message it sends over the channel to its parent; `undefined` if it ends before that. */
  readonly firstMessage: Promise<unknown>;
  /** Freezes it (SIGSTOP): the kernel still accepts connections, and nobody answers. Does nothing unless it is running. */
  pause(): void;
  /** Lets it go on (SIGCONT). Does nothing unless it is paused. */
  resume(): void;
  /** Sends a signal, and nothing else: a paused process does not see it. */
  signal(name: NodeJS.Signals): void;
  /** Ends it at once (SIGKILL), paused or not. */
  kill(): Promise<Ending>;
  /** Asks it to end (SIGTERM), paused or not, and kills it if it has not ended after `killAfterMs`. */
  stop(killAfterMs: number): Promise<Ending>;
}

const children = new Set<ChildProcess>();
// However this process ends, SIGKILL aside, its children end with it.
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/**
 * Runs a script of Node as a child that has a channel to this process: it can tell that it listens, and notices when this
 * process is gone.
 * @param script an absolute path, or one from the root of the repository
 */
export function startScript(script: string, options: ProcessOptions): RunningProcess {
  const path = resolve(fileURLToPath(ROOT), script);
  const child = fork(path, [...(options.args ?? [])], {
    env: options.env,
    execArgv: [...(options.nodeFlags ?? [])],
    detached: options.ownGroup ?? false,
    stdio: ['ignore', stdioOf(options.stdout), stdioOf(options.stderr), 'ipc'],
  });
  return watch(child, path, options);
}

/**
 * Runs any other program as a child.
 * @throws Error when there is no such program
 */
export function startProgram(program: string, options: Omit<ProcessOptions, 'nodeFlags'>): RunningProcess {
  const child = spawn(program, options.args ?? [], {
    env: options.env,
    detached: options.ownGroup ?? false,
    stdio: ['ignore', stdioOf(options.stdout), stdioOf(options.stderr)],
  });
  return watch(child, program, options);
}

const stdioOf = (output: Output = 'inherit') => (typeof output === 'function' ? 'pipe' : output);

function watch(child: ChildProcess, name: string, { stdout, stderr }: ProcessOptions): RunningProcess {
  const { pid } = child;
  if (pid === undefined) {
    // The reason follows as an event, which nobody could catch.
    child.once('error', () => undefined);
    throw new Error(`${name} cannot be started: is it installed?`);
  }
  children.add(child);
  let state: ProcessState = 'running';
  let guard: ChildProcess | undefined;
  const unguard = () => {
    guard?.kill('SIGKILL');
    guard = undefined;
  };
  const read = [readLines(child.stdout, stdout), readLines(child.stderr, stderr)];
  const exited = once(child, 'exit').then(([code, signal]): Ending => {
    children.delete(child);
    state = 'ended';
    unguard();
    return { code, signal };
  });
  // Not the event `close`: it does not come once the channel has been disconnected.
  const ended = Promise.all([exited, ...read]).then(([ending]) => ending);
  return {
    pid,
    state: () => state,
    ended,
    firstMessage: Promise.race([once(child, 'message').then(([message]) => message), exited.then(() => undefined)]),
    pause() {
      if (state !== 'running') return;
      state = 'paused';
      // First, so that there is no moment in which the end of this process would leave it frozen.
      guard = guardOf(pid);
      child.kill('SIGSTOP');
    },
    resume() {
      if (state !== 'paused') return;
      state = 'running';
      child.kill('SIGCONT');
      unguard();
    },
    signal: (signal) => void child.kill(signal),
    async kill() {
      child.kill('SIGKILL');
      return ended;
    },
    async stop(killAfterMs) {
      const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs);
      child.kill('SIGTERM');
      // Frozen, by whomever, it would not see the signal.
      child.kill('SIGCONT');
      const ending = await ended;
      clearTimeout(timer);
      return ending;
    },
  };
}

/**
 * Wakes a frozen process when this process is gone: it could not notice by itself. When this process ends, however it ends,
 * so does the pipe that the guard reads.
 */
function guardOf(pid: number): ChildProcess {
  return spawn('sh', ['-c', 'read -r _; kill -CONT "$0"', `${pid}`], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
}

async function readLines(stream: Readable | null, output: Output | undefined): Promise<void> {
  if (stream === null || typeof output !== 'function') return;
  await once(createInterface(stream).on('line', output), 'close');
}
