import { describeEnding, type Ending, type Output, type RunningProcess, startScript } from './node-process.ts';
import { startScriptOf } from './services.ts';

/** Where a service listens, as it says itself. */
export interface Listening {
  readonly name: string;
  readonly url: string;
  readonly opsUrl: string;
}

export type ServiceState = 'running' | 'paused' | 'stopped';

export interface ServiceOptions {
  /** The whole environment: nothing is inherited. */
  readonly env: NodeJS.ProcessEnv;
  /** Default: `inherit`. */
  readonly stdout?: Output;
  /** Default: `inherit`. */
  readonly stderr?: Output;
  /** Called when it ends after it has listened, and nobody here asked for that. */
  readonly onDeath?: (ending: Ending) => void;
}

/** How long a service may take to end by itself: a little more than its own graceful shutdown takes. */
const KILL_AFTER_MS = 12_000;

/** A service that ended before it listened. What it wrote says why. */
export class EndedBeforeListening extends Error {
  override readonly name = 'EndedBeforeListening';

  constructor(service: string, ending: Ending) {
    super(`${service} ended before it listened (${describeEnding(ending)})`);
  }
}

/**
 * A service as a child process, with the Node flags of its own start script. It stops by itself when this process is gone, and is
 * outside of its process group: a Ctrl-C reaches it once, through this process. It may be started again after it has
 * ended, and then listens on the same ports.
 */
export class ServiceProcess {
  readonly name: string;
  readonly #options: ServiceOptions;
  #process: RunningProcess | undefined;
  #listening: Listening | undefined;
  /** Its end was asked for. */
  #endIsMeant = false;

  /** @param name a folder of services/ */
  constructor(name: string, options: ServiceOptions) {
    this.name = name;
    this.#options = options;
  }

  get state(): ServiceState {
    const state = this.#process?.state() ?? 'ended';
    return state === 'ended' ? 'stopped' : state;
  }

  /** Undefined while it is stopped. */
  get pid(): number | undefined {
    return this.state === 'stopped' ? undefined : this.#process?.pid;
  }

  /** Where it listens, or listened before it was stopped; undefined until it has. */
  get listening(): Listening | undefined {
    return this.#listening;
  }

  /**
   * Resolves once it listens.
   * @throws EndedBeforeListening
   * @throws Error when it runs
   */
  async start(): Promise<Listening> {
    if (this.state !== 'stopped') throw new Error(`${this.name} is ${this.state}: there is nothing to start`);
    const { env, stdout = 'inherit', stderr = 'inherit', onDeath } = this.#options;
    const { main, nodeFlags } = startScriptOf(this.name);
    const started = startScript(main, {
      env: { ...env, ...this.#samePorts() },
      nodeFlags,
      stdout,
      stderr,
      ownGroup: true,
    });
    this.#process = started;
    this.#endIsMeant = false;
    const listening = (await started.firstMessage) as Listening | undefined;
    if (listening === undefined) throw new EndedBeforeListening(this.name, await started.ended);
    this.#listening = listening;
    void started.ended.then((ending) => {
      if (!this.#endIsMeant) onDeath?.(ending);
    });
    return listening;
  }

  /** Freezes it (SIGSTOP): the kernel still accepts connections, and nobody answers. Does nothing unless it is running. */
  pause(): void {
    this.#process?.pause();
  }

  /** Does nothing unless it is paused. */
  resume(): void {
    this.#process?.resume();
  }

  /** Kills it (SIGKILL), in the middle of whatever it does. Resolves once it has ended and all its output has been read. */
  async kill(): Promise<void> {
    this.#endIsMeant = true;
    await this.#process?.kill();
  }

  /**
   * Lets it end its requests (SIGTERM). Resolves once it has ended and all its output has been read.
   * @param killAfterMs after which it is killed; default 12 s
   */
  async stop(killAfterMs = KILL_AFTER_MS): Promise<void> {
    this.#endIsMeant = true;
    await this.#process?.stop(killAfterMs);
  }

  /** The ports of the first start: on any free port it would come back where nobody looks for it. */
  #samePorts(): NodeJS.ProcessEnv {
    if (this.#listening === undefined) return {};
    const prefix = this.name.toUpperCase();
    return {
      [`${prefix}_PORT`]: new URL(this.#listening.url).port,
      [`${prefix}_OPS_PORT`]: new URL(this.#listening.opsUrl).port,
    };
  }
}
