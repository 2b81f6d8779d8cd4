import { connect, type Socket } from 'node:net';
import type { Address } from './address.ts';
import { type Clock, systemClock } from './clock.ts';
import { Link, type Sink } from './link.ts';
import { Stage } from './stage.ts';
import type { Stream, Toxic } from './toxic.ts';

/** What a `Connection` is made of. */
export interface ConnectionOptions {
  /** The client's socket, accepted and paused. */
  readonly client: Socket;
  readonly upstream: Address;
  readonly seed: number;
  readonly proxy: string;
  /** The number of the connection, counted from 1 for each proxy. */
  readonly number: number;
  readonly toxics: readonly Toxic[];
  /** Called if the upstream cannot be reached. */
  readonly onUnreachable: (error: Error) => void;
  /** Called when both sockets are closed. */
  readonly onClosed: () => void;
}

/** A client's connection, its connection to the upstream, and a link for each direction. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #links: Readonly<Record<Stream, Link>>;
  readonly #clock: Clock = systemClock;
  #connected = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#client = options.client;
    this.#server = connect({ ...options.upstream, allowHalfOpen: true, noDelay: true });
    this.#links = {
      upstream: this.#link('upstream', this.#client, this.#server),
      downstream: this.#link('downstream', this.#server, this.#client),
    };
    // Nothing is read from the client before the upstream is connected.
    this.#server.once('connect', () => {
      this.#connected = true;
      this.#client.resume();
    });
    let open = 2;
    for (const socket of [this.#client, this.#server]) {
      socket.once('close', () => {
        open -= 1;
        if (open === 0) options.onClosed();
      });
    }
  }

  /** Bytes that the toxics of both directions hold back. */
  get heldBytes(): number {
    return this.#links.upstream.heldBytes + this.#links.downstream.heldBytes;
  }

  add(toxic: Toxic): void {
    this.#links[toxic.stream].add(this.#stage(toxic));
  }

  remove({ stream, name }: Toxic): void {
    this.#links[stream].remove(name);
  }

  /** Call it when the attributes or the toxicity of a toxic have changed. */
  changed({ stream }: Toxic): void {
    this.#links[stream].poke();
  }

  /** Closes both sides now. */
  destroy(): void {
    this.#discard();
    this.#client.destroy();
    this.#server.destroy();
  }

  #stage(toxic: Toxic): Stage {
    const { seed, proxy, number: connection } = this.#options;
    return new Stage(toxic, { seed, proxy, connection }, this.#clock.nowMs());
  }

  #link(stream: Stream, source: Socket, target: Socket): Link {
    const stages = this.#options.toxics.filter((toxic) => toxic.stream === stream).map((toxic) => this.#stage(toxic));
    const link = new Link(stages, this.#sink(target), this.#clock, () => source.resume());
    source.on('data', (bytes: Buffer) => {
      if (!link.write(bytes)) source.pause();
    });
    source.on('end', () => link.end());
    target.on('drain', () => link.poke());
    source.on('error', (error) => this.#lost(source, target, error));
    return link;
  }

  #sink(target: Socket): Sink {
    return {
      hasRoom: () => !target.writableNeedDrain,
      write: (bytes) => target.write(bytes),
      end: () => target.end(),
      close: () => {
        this.#discard();
        // With unread data, closing would send a reset, which can overtake the data just delivered.
        target.resume();
        target.end(() => this.destroy());
      },
      reset: () => this.#reset(),
    };
  }

  /** One side was reset. The other is reset as well, or else it would wait for data that never comes. */
  #lost(source: Socket, target: Socket, error: Error): void {
    if (source === this.#server && !this.#connected) {
      // The client is already accepted, so it can no longer be refused. It is closed, as by Toxiproxy.
      this.#options.onUnreachable(error);
      this.destroy();
      return;
    }
    this.#discard();
    target.resetAndDestroy();
  }

  #reset(): void {
    this.#discard();
    this.#client.resetAndDestroy();
    this.#server.resetAndDestroy();
  }

  #discard(): void {
    this.#links.upstream.discard();
    this.#links.downstream.discard();
  }
}
