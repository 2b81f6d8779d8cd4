import { type Listening, type ServiceOptions, ServiceProcess } from './service-process.ts';
import { SERVICES, type ServiceName } from './services.ts';

export interface SystemOptions {
  /**
   * How one process of a service is run. Its `env` need not say where the services it calls are: `GREETER_URL` is set unless
   * `env` has it.
   * @param replica from 1
   */
  readonly optionsOf: (name: ServiceName, replica: number) => ServiceOptions;
  /** How many processes of a service run. Default: 1. */
  readonly replicas?: Readonly<Partial<Record<ServiceName, number>>>;
  /**
   * Puts something between a service and its callers, such as a proxy.
   * @param urls where the processes of the service listen
   * @returns where its callers look for them
   */
  readonly between?: (name: ServiceName, urls: readonly string[]) => Promise<readonly string[]>;
}

/** The services as processes, each told where those it calls listen. */
export class ComposedSystem {
  readonly #options: SystemOptions;
  readonly #services: ServiceProcess[] = [];

  constructor(options: SystemOptions) {
    this.#options = options;
  }

  /** Every process so far, in the order of their start: also one that is starting, has died or could not start. */
  get services(): readonly ServiceProcess[] {
    return this.#services;
  }

  /** The processes of one service. */
  of(name: ServiceName): readonly ServiceProcess[] {
    return this.#services.filter((service) => service.name === name);
  }

  /**
   * Where the processes of one service listen.
   * @throws Error when one has not listened yet
   */
  addressesOf(name: ServiceName): readonly Listening[] {
    return this.of(name).map(({ listening }) => {
      if (listening === undefined) throw new Error(`${name} does not listen yet`);
      return listening;
    });
  }

  /**
   * Resolves once all listen. What has started by the time one fails goes on: `stop` ends it.
   * @throws EndedBeforeListening
   */
  async start(): Promise<void> {
    const { optionsOf, replicas = {}, between } = this.#options;
    const addresses: Record<string, string> = {};
    for (const name of SERVICES) {
      const urls: string[] = [];
      for (let replica = 1; replica <= (replicas[name] ?? 1); replica++) {
        const { env, ...options } = optionsOf(name, replica);
        const service = new ServiceProcess(name, { ...options, env: { ...addresses, ...env } });
        this.#services.push(service);
        // oxlint-disable-next-line no-await-in-loop -- a caller starts after what it calls; replicas start in turn, or they would slow each other down
        urls.push((await service.start()).url);
      }
      // oxlint-disable-next-line no-await-in-loop -- as above
      addresses[`${name.toUpperCase()}_URL`] = (between === undefined ? urls : await between(name, urls)).join();
    }
  }

  /** Callers before those they call: a request that has begun may need its downstream once more. */
  async stop(): Promise<void> {
    // oxlint-disable-next-line no-await-in-loop -- one after the other is the point
    for (const service of this.#services.toReversed()) await service.stop();
  }
}
