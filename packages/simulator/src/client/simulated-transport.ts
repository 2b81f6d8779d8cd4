import {
  abortError,
  type CallContext,
  CallError,
  type DownstreamOptions,
  LEAST_USEFUL_MS,
  type TransportResponse,
} from '@halfopen/client';
import { HEADERS } from '@halfopen/contracts';
import type { World } from '../engine/world.ts';
import { DEFAULT_DELAY, type NetworkOptions } from '../models/network.ts';
import type { Request } from '../models/request.ts';
import type { Server } from '../models/server.ts';

export interface SimulatedTransportOptions {
  /** The name of the client, for its random numbers. */
  readonly name: string;
  /** Each server by its origin. */
  readonly servers: ReadonlyMap<string, Server>;
  readonly network?: NetworkOptions | undefined;
  /** Called at each attempt that is sent. */
  readonly onSend?: ((context: CallContext) => void) | undefined;
}

type MakeTransport = NonNullable<DownstreamOptions['transport']>;

/**
 * Carries attempts to simulated servers, in the place of HTTP. An attempt that is aborted ends here at once. What it has sent arrives
 * nevertheless, and the server hears later that nobody waits any more, as over a real connection.
 */
export function simulatedTransport(world: World, options: SimulatedTransportOptions): MakeTransport {
  const { name, servers, onSend, network = {} } = options;
  const { delay = DEFAULT_DELAY } = network;
  const delays = world.attemptChance(name, 'network');
  let requests = 0;
  return (usual) => ({
    send(_request, context) {
      const { signal, deadlineAt, endpoint } = context;
      if (signal.aborted) return Promise.reject(abortError(signal));
      if (deadlineAt - world.clock.now() < LEAST_USEFUL_MS) {
        // As the HTTP transport, whose header cannot say less than a millisecond.
        return Promise.reject(new CallError('deadline_exceeded', 'no time left to start another attempt'));
      }
      const server = servers.get(endpoint?.origin ?? usual);
      if (server === undefined) return Promise.reject(new TypeError(`no server at ${endpoint?.origin ?? usual}`));
      onSend?.(context);
      const id = context.headers[HEADERS.requestId] ?? `${name} ${++requests}`;
      return new Promise((resolve, reject) => {
        const exchange = new Exchange(world, context, id, resolve, reject);
        const random = delays.of(exchange);
        const thereMs = delay(random);
        exchange.backMs = delay(random);
        exchange.thereMs = thereMs;
        signal.addEventListener('abort', exchange);
        world.schedule(thereMs, () => server.receive(exchange));
      });
    },
    forget: () => {},
    close: () => Promise.resolve(),
  });
}

/** One attempt on its way. A listener of its signal itself, which spares every attempt some closures. */
class Exchange implements Request {
  readonly id: string;
  readonly attempt: number;
  readonly deadlineAt: number;
  isAbandoned = false;
  thereMs = 0;
  backMs = 0;
  readonly #world: World;
  readonly #signal: AbortSignal;
  readonly #resolve: (response: TransportResponse) => void;
  readonly #reject: (error: CallError) => void;
  #isOver = false;
  #tellAbandoned: (() => void) | undefined;

  constructor(
    world: World,
    { attempt, deadlineAt, signal }: CallContext,
    id: string,
    resolve: (response: TransportResponse) => void,
    reject: (error: CallError) => void,
  ) {
    this.#world = world;
    this.id = id;
    this.attempt = attempt;
    this.deadlineAt = deadlineAt;
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onAbandoned(listener: () => void): void {
    this.#tellAbandoned = listener;
  }

  respond(response: TransportResponse): void {
    this.#world.clock.after(this.backMs, () => {
      if (this.#end()) this.#resolve(response);
    });
  }

  reset(): void {
    this.#breakOff(new CallError('connection_lost', 'reset', { sent: 'perhaps' }));
  }

  refuse(): void {
    this.#breakOff(new CallError('unreachable', 'refused', { sent: 'never' }));
  }

  #breakOff(error: CallError): void {
    this.#world.clock.after(this.backMs, () => {
      if (this.#end()) this.#reject(error);
    });
  }

  /** @returns whether it was still going on */
  #end(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#signal.removeEventListener('abort', this);
    return true;
  }

  /** The signal has aborted. */
  handleEvent(): void {
    if (!this.#end()) return;
    this.#reject(abortError(this.#signal));
    // What the server does then may settle promises: it may be a client of another server.
    this.#world.clock.after(this.thereMs, () => {
      this.isAbandoned = true;
      this.#tellAbandoned?.();
    });
  }
}
