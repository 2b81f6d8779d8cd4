import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import pretty from 'pino-pretty';

export interface Listening {
  readonly name: string;
  readonly url: string;
  readonly opsUrl: string;
}

export type ServiceState = 'running' | 'paused' | 'stopped';

/** What a service has to end by itself, after which it is killed: a little more than its own graceful shutdown takes. */
const KILL_AFTER_MS = 12_000;

/** On a terminal lines are read by people; elsewhere they stay the JSON that the service writes. */
const FOR_PEOPLE = {
  colorize: true,
  singleLine: true,
  translateTime: 'SYS:HH:MM:ss.l',
  messageFormat: '{service}: {msg}',
  ignore: 'service,traceId,spanId',
};

/** A command that does not fit the state of the service. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/**
 * One service as a child of `pnpm start`. It has a channel to this process (it says when it listens, and stops by itself
 * should this process be killed) and is outside of its process group (a Ctrl-C reaches it once, through here). As its
 * parent, this process knows for certain whom it signals: no number of a process can have been given to another one.
 */
export class ServiceProcess {
  readonly name: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #onDeath: (how: string) => void;
  #child: ChildProcess | undefined;
  #listening: Listening | undefined;
  #guard: ChildProcess | undefined;
  /** Its end was asked for: nobody needs to be told. */
  #endIsMeant = false;

  /** @param onDeath it ended, and nobody here has asked for it */
  constructor(name: string, env: NodeJS.ProcessEnv, onDeath: (how: string) => void) {
    this.name = name;
    this.#env = env;
    this.#onDeath = onDeath;
  }

  get state(): ServiceState {
    if (this.#child === undefined) return 'stopped';
    return this.#guard === undefined ? 'running' : 'paused';
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Where it listens, once it has. */
  get listening(): Listening | undefined {
    return this.#listening;
  }

  /** @throws CommandError when it runs, or ends before it listens */
  async start(): Promise<Listening> {
    if (this.#child !== undefined) throw new CommandError(`${this.name} is ${this.state}: there is nothing to start`);
    const folder = new URL(`../../services/${this.name}/`, import.meta.url);
    const main = fileURLToPath(new URL('src/main.ts', folder));
    const execArgv = flagsOf(folder);
    const env = { ...this.#env, ...this.#samePorts() };
    const stdout = process.stdout.isTTY ? 'pipe' : 'inherit';
    const child = fork(main, { env, execArgv, detached: true, stdio: ['ignore', stdout, 'inherit', 'ipc'] });
    // One for each process: lines that two of them write at once would be mixed up.
    child.stdout?.pipe(pretty(FOR_PEOPLE));
    this.#child = child;
    this.#endIsMeant = false;
    const listening = await new Promise<Listening | undefined>((resolve) => {
      let listens = false;
      child.once('message', (message) => {
        listens = true;
        resolve(message as Listening);
      });
      child.once('exit', (code, signal) => {
        this.#child = undefined;
        this.#unguard();
        resolve(undefined);
        if (listens && !this.#endIsMeant) this.#onDeath(signal ?? `exit code ${code}`);
      });
    });
    if (listening === undefined) throw new CommandError(`${this.name} ended before it listened: its own line says why`);
    this.#listening = listening;
    return listening;
  }

  /** Freezes it (SIGSTOP): connections are still accepted, by the kernel, and nobody answers. @throws CommandError */
  pause(): void {
    const child = this.#alive();
    if (this.#guard !== undefined) throw new CommandError(`${this.name} is paused already`);
    child.kill('SIGSTOP');
    // A frozen process does not notice that its parent has gone. Should this one be killed, the end of the pipe wakes
    // the guard, and the guard wakes the service, which then stops by itself.
    this.#guard = spawn('sh', ['-c', 'read -r _; kill -CONT "$0"', `${child.pid}`], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
  }

  /** @throws CommandError */
  resume(): void {
    const child = this.#alive();
    if (this.#guard === undefined) throw new CommandError(`${this.name} is not paused`);
    child.kill('SIGCONT');
    this.#unguard();
  }

  /** Kills it (SIGKILL): whatever it was doing is lost. @throws CommandError */
  async kill(): Promise<void> {
    await this.#end(this.#alive(), 'SIGKILL');
  }

  /** Lets it end its requests, and starts it on the same ports. @throws CommandError */
  async restart(): Promise<Listening> {
    await this.#end(this.#alive(), 'SIGTERM');
    return this.start();
  }

  /** Lets it end its requests, if it runs. */
  async stop(): Promise<void> {
    if (this.#child !== undefined) await this.#end(this.#child, 'SIGTERM');
  }

  /** Ends it at once, if it runs. */
  destroy(): void {
    this.#endIsMeant = true;
    this.#child?.kill('SIGKILL');
  }

  async #end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
    this.#endIsMeant = true;
    const ended = once(child, 'exit');
    const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
    child.kill(signal);
    // Frozen, it would not see the signal.
    child.kill('SIGCONT');
    await ended;
    clearTimeout(timer);
  }

  #alive(): ChildProcess {
    if (this.#child === undefined)
      throw new CommandError(`${this.name} does not run: \`pnpm faults start ${this.name}\``);
    return this.#child;
  }

  #unguard(): void {
    this.#guard?.kill('SIGKILL');
    this.#guard = undefined;
  }

  /** The ports of the first start: with any free port it would come back where nobody looks for it. */
  #samePorts(): NodeJS.ProcessEnv {
    if (this.#listening === undefined) return {};
    const prefix = this.name.toUpperCase();
    return {
      [`${prefix}_PORT`]: new URL(this.#listening.url).port,
      [`${prefix}_OPS_PORT`]: new URL(this.#listening.opsUrl).port,
    };
  }
}

/** The flags that the service's own start script gives to Node. */
function flagsOf(folder: URL): string[] {
  const { scripts } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')) as {
    readonly scripts: { readonly start: string };
  };
  return scripts.start.split(' ').filter((word) => word.startsWith('--'));
}
