import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { formatAddress, parseAddress, resolveAddress } from './address.ts';
import { ApiError } from './api-error.ts';
import { Connection } from './connection.ts';
import { readToxic, readToxicUpdate, type Toxic } from './toxic.ts';

/** What a proxy is made of. */
export interface ProxySettings {
  readonly name: string;
  /** `host:port`. Without a host, the loopback interface; port 0 is any free one. */
  readonly listen: string;
  /** `host:port`. A name is resolved for each connection. */
  readonly upstream: string;
  /** Decides which connections a toxic affects, together with the names of both and the number of the connection. */
  readonly seed: number;
  /** Called with each event that no answer of the API reports. */
  readonly log: (line: string) => void;
}

/** A listener that forwards its connections to the upstream, through toxics that can be added, changed and removed at any time. */
export class Proxy {
  readonly name: string;
  readonly #seed: number;
  readonly #log: (line: string) => void;
  readonly #connections = new Set<Connection>();
  #listen: string;
  #upstream: string;
  #toxics: Toxic[] = [];
  #accepted = 0;
  #server: Server | undefined;

  /** @throws ApiError 400 if an address is invalid */
  constructor({ name, listen, upstream, seed, log }: ProxySettings) {
    parseAddress('listen', listen);
    parseAddress('upstream', upstream);
    this.name = name;
    this.#listen = listen;
    this.#upstream = upstream;
    this.#seed = seed;
    this.#log = log;
  }

  get enabled(): boolean {
    return this.#server !== undefined;
  }

  get toxics(): readonly Toxic[] {
    // Toxiproxy's order: upstream first.
    return this.#toxics.toSorted((a, b) => Number(a.stream === 'downstream') - Number(b.stream === 'downstream'));
  }

  /** The number of live connections. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Bytes that the toxics of all connections hold back. */
  get heldBytes(): number {
    return [...this.#connections].reduce((sum, connection) => sum + connection.heldBytes, 0);
  }

  toJSON() {
    return {
      name: this.name,
      listen: this.#listen,
      upstream: this.#upstream,
      enabled: this.enabled,
      toxics: this.toxics,
    };
  }

  /** Starts to listen, unless it already does. @throws ApiError 500 if the address cannot be used to listen */
  async start(): Promise<void> {
    if (this.#server !== undefined) return;
    const { host, port } = await resolveAddress('listen', this.#listen);
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (client) =>
      this.#accept(client),
    );
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        reject(new ApiError(500, `listen tcp ${formatAddress({ host, port })}: ${error.code ?? error.message}`));
      });
      server.listen(port, host, resolve);
    });
    server.on('error', (error) => this.#log(`${this.name}: a connection could not be accepted: ${error.message}`));
    this.#listen = formatAddress({ host, port: (server.address() as AddressInfo).port });
    this.#server = server;
  }

  /** Closes the listener and every connection. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = new Promise((resolve) => {
      server.close(resolve);
    });
    for (const connection of this.#connections) connection.destroy();
    await closed;
  }

  /**
   * Changes the addresses, and starts or stops the proxy. A change of address closes every connection.
   * @throws ApiError 400 for an invalid address, 500 if it cannot be used to listen; the proxy is then stopped
   */
  async update({ listen, upstream, enabled }: { listen: string; upstream: string; enabled: boolean }): Promise<void> {
    if (await this.differs(listen, upstream)) {
      await this.stop();
      this.#listen = listen;
      this.#upstream = upstream;
    }
    await (enabled ? this.start() : this.stop());
  }

  /** Whether these addresses differ from the present ones after names are resolved. @throws ApiError 400 if one is invalid */
  async differs(listen: string, upstream: string): Promise<boolean> {
    parseAddress('upstream', upstream);
    parseAddress('listen', listen);
    if (upstream !== this.#upstream) return true;
    return listen !== this.#listen && formatAddress(await resolveAddress('listen', listen)) !== this.#listen;
  }

  /** Restores the initial state: listening, without toxics, the next connection is 1. @throws ApiError 500 if the address cannot be used to listen */
  async reset(): Promise<void> {
    await this.start();
    for (const toxic of this.toxics) this.removeToxic(toxic.name);
    this.#accepted = 0;
  }

  /** @throws ApiError 404 if there is none of this name */
  toxic(name: string): Toxic {
    const toxic = this.#toxics.find((other) => other.name === name);
    if (toxic === undefined) throw new ApiError(404, 'toxic not found');
    return toxic;
  }

  /** Adds a toxic, also to live connections. @throws ApiError 400 for an invalid body, 409 for a used name */
  addToxic(body: unknown): Toxic {
    const toxic = readToxic(body);
    if (this.#toxics.some(({ name }) => name === toxic.name)) throw new ApiError(409, 'toxic already exists');
    this.#toxics.push(toxic);
    for (const connection of this.#connections) connection.add(toxic);
    return toxic;
  }

  /** Changes a toxic, also on live connections. @throws ApiError 400 for an invalid body, 404 if there is none of this name */
  updateToxic(name: string, body: unknown): Toxic {
    const toxic = this.toxic(name);
    Object.assign(toxic, readToxicUpdate(toxic, body));
    for (const connection of this.#connections) connection.changed(toxic);
    return toxic;
  }

  /** Removes a toxic, also from live connections. @throws ApiError 404 if there is none of this name */
  removeToxic(name: string): void {
    const toxic = this.toxic(name);
    this.#toxics = this.#toxics.filter((other) => other !== toxic);
    for (const connection of this.#connections) connection.remove(toxic);
  }

  #accept(client: Socket): void {
    this.#accepted += 1;
    const connection = new Connection({
      client,
      upstream: parseAddress('upstream', this.#upstream),
      seed: this.#seed,
      proxy: this.name,
      number: this.#accepted,
      toxics: this.#toxics,
      onUnreachable: (error) => this.#log(`${this.name}: ${this.#upstream} is not reachable: ${error.message}`),
      onClosed: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
  }
}
