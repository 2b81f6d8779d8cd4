import {
  abortError,
  type CallContext,
  CallError,
  type DownstreamOptions,
  type HttpTransportOptions,
  LEAST_USEFUL_MS,
  type TransportResponse,
} from '@halfopen/client';
import { HEADERS, parseQuery } from '@halfopen/contracts';
import type { World } from '@halfopen/simulator';
import { BACKLOG, HOP_MS, REFUSAL_MS } from './machine.ts';
import type { Exchange, SimulatedGreeter } from './simulated-greeter.ts';
import type { SimulatedWire } from './simulated-wire.ts';

type MakeTransport = NonNullable<DownstreamOptions['transport']>;

/** Connections are made within this time unless the client says otherwise. Milliseconds. */
const CONNECT_TIMEOUT_MS = 1_000;

interface Route {
  readonly greeter: SimulatedGreeter;
  /** Connections that are open and carry no request. */
  idle: number;
  /** Connections that a paused greeter has not accepted. */
  backlog: number;
}

/**
 * Carries the edge's attempts to the greeters, in the place of HTTP: connections that are kept, connections that are refused, and the
 * queue of those that a paused process does not accept. When that is full, a connection is not made, and the client gives up waiting for it.
 * @param wire what lies between edge and greeters; `undefined`: nothing
 */
export function simulatedConnections(
  world: World,
  greeters: ReadonlyMap<string, SimulatedGreeter>,
  wire: SimulatedWire | undefined,
): MakeTransport {
  const { clock } = world;
  const routes = new Map([...greeters].map(([origin, greeter]) => [origin, { greeter, idle: 0, backlog: 0 }]));

  return (usual: string, options?: HttpTransportOptions) => ({
    send({ target }, context) {
      const { signal, deadlineAt, endpoint } = context;
      if (signal.aborted) return Promise.reject(abortError(signal));
      const leftMs = Math.floor(deadlineAt - clock.now());
      if (leftMs < LEAST_USEFUL_MS) {
        return Promise.reject(new CallError('deadline_exceeded', 'no time left to start another attempt'));
      }
      const route = routes.get(endpoint?.origin ?? usual);
      if (route === undefined) return Promise.reject(new TypeError(`no greeter at ${endpoint?.origin ?? usual}`));
      const { connectTimeoutMs = CONNECT_TIMEOUT_MS, onDisconnect } = options ?? {};
      return new Promise((resolve, reject) => {
        const attempt = new Attempt(world, { target, context, leftMs, route, wire, resolve, reject, onDisconnect });
        signal.addEventListener('abort', attempt);
        if (route.idle > 0) {
          route.idle--;
          attempt.isFirst = false;
          attempt.send();
        } else {
          connect(route, attempt, connectTimeoutMs);
        }
      });
    },
    forget: () => {},
    close: () => Promise.resolve(),
  });

  function connect(route: Route, attempt: Attempt, withinMs: number): void {
    const { greeter } = route;
    // A proxy accepts every connection, whatever becomes of it.
    if (wire === undefined) {
      if (greeter.isDead) {
        clock.after(REFUSAL_MS, () => attempt.fail(new CallError('unreachable', 'refused', { sent: 'never' })));
        return;
      }
      if (!greeter.isPaused) route.backlog = 0;
      else if (route.backlog >= BACKLOG) {
        clock.after(withinMs, () => attempt.fail(new CallError('unreachable', 'no connection', { sent: 'never' })));
        return;
      } else route.backlog++;
    }
    attempt.send();
  }
}

interface AttemptParts {
  readonly target: string;
  readonly context: CallContext;
  readonly leftMs: number;
  readonly route: Route;
  readonly wire: SimulatedWire | undefined;
  readonly resolve: (answer: TransportResponse) => void;
  readonly reject: (error: CallError) => void;
  readonly onDisconnect: (() => void) | undefined;
}

/** One attempt on its connection: what the greeter sees of it, and a listener of its signal. */
class Attempt implements Exchange {
  readonly requestId: string;
  readonly attempt: number;
  readonly name: string | undefined;
  readonly leftMs: number;
  isAbandoned = false;
  isFirst = true;
  readonly #world: World;
  readonly #parts: AttemptParts;
  #isOver = false;
  #tellAbandoned: (() => void) | undefined;

  constructor(world: World, parts: AttemptParts) {
    this.#world = world;
    this.#parts = parts;
    const { headers, attempt } = parts.context;
    this.requestId = headers[HEADERS.requestId] as string;
    this.attempt = attempt;
    this.leftMs = parts.leftMs;
    const { name } = parseQuery(parts.target.split('?')[1] ?? '');
    this.name = typeof name === 'string' ? name : undefined;
  }

  /** The connection is there. */
  send(): void {
    const { wire, route } = this.#parts;
    const arrive = () => this.#world.clock.after(HOP_MS, () => route.greeter.receive(this));
    if (wire === undefined) arrive();
    else wire.carry('upstream', arrive, () => this.reset());
  }

  onAbandoned(listener: () => void): void {
    this.#tellAbandoned = listener;
  }

  respond(answer: TransportResponse): void {
    this.#back(() => {
      this.#parts.route.idle++;
      this.#parts.resolve(answer);
    });
  }

  breakOff(): void {
    this.#back(() => {
      this.#parts.reject(new CallError('bad_response', 'the answer broke off, or was too large', { sent: 'answered' }));
    });
  }

  reset(): void {
    this.#world.clock.after(HOP_MS, () => this.fail(new CallError('connection_lost', 'reset', { sent: 'perhaps' })));
  }

  fail(error: CallError): void {
    if (!this.#end()) return;
    this.#parts.onDisconnect?.();
    this.#parts.reject(error);
  }

  /** The signal has aborted: the connection is closed, and the greeter hears of it. */
  handleEvent(): void {
    if (!this.#end()) return;
    this.#parts.reject(abortError(this.#parts.context.signal));
    this.#world.clock.after(HOP_MS, () => {
      this.isAbandoned = true;
      this.#tellAbandoned?.();
    });
  }

  #back(settle: () => void): void {
    const { wire } = this.#parts;
    const arrive = () =>
      this.#world.clock.after(HOP_MS, () => {
        if (this.#end()) settle();
      });
    if (wire === undefined) arrive();
    else wire.carry('downstream', arrive, () => this.reset());
  }

  /** @returns false if it is over already */
  #end(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#parts.context.signal.removeEventListener('abort', this);
    return true;
  }
}
