import type { TransportResponse } from '@halfopen/client';
import { type Fault, Injector, planSchema } from '@halfopen/faults';
import type { Config } from '@halfopen/greeter/config';
import { createAdmission } from '@halfopen/service-kit/admission';
import type { World } from '@halfopen/simulator';
import { answerOf, injectedStatus, problemOf } from './answers.ts';
import { ACCEPT_CPU_MS, GREETER_CPU_MS, START_MS } from './machine.ts';
import { createProcess } from './simulated-process.ts';

/** One attempt, as it arrives at a greeter. */
export interface Exchange {
  readonly requestId: string;
  readonly attempt: number;
  /** Whom to greet. */
  readonly name: string | undefined;
  /** Milliseconds that the client has left (`x-deadline-ms`). */
  readonly leftMs: number;
  readonly isAbandoned: boolean;
  /** Whether its connection was made for it. */
  readonly isFirst: boolean;
  /** Calls `listener` when the client closes the connection. */
  onAbandoned(listener: () => void): void;
  respond(answer: TransportResponse): void;
  /** The answer cannot be read to its end. */
  breakOff(): void;
  reset(): void;
}

export interface SimulatedGreeter {
  receive(exchange: Exchange): void;
  /** Replaces the faults of its plan. */
  plan(seed: number, faults: readonly Fault[]): void;
  pause(): void;
  resume(): void;
  kill(): void;
  /** @param onListening called once it accepts connections again */
  restart(onListening: () => void): void;
  readonly isDead: boolean;
  readonly isPaused: boolean;
}

export interface SimulatedGreeterOptions {
  readonly config: Config;
  /** Called with each attempt that it counts. */
  readonly onAttempt: (exchange: Exchange) => void;
  /** Called when a fault ends the process. */
  readonly onExit: () => void;
}

/** Like Compose, the lab starts a process again that has ended on its own, after so long. */
const RESTART_AFTER_MS = 500;

/** What the fault middleware answers nothing for is cut off after this time. */
const HOLD_MS = 60_000;

/** The longest answer that the edge reads. */
const MOST_BYTES = 65_536;

/** The product in the edge's `user-agent`. */
const CALLER = 'halfopen-edge';

/**
 * A greeter without sockets: its own admission and its own fault injector, the code of the service, on the world's clock, around a
 * process that can be paused and killed.
 */
export function createSimulatedGreeter(world: World, options: SimulatedGreeterOptions): SimulatedGreeter {
  const { config, onAttempt } = options;
  const limits = { maxInProgress: config.GREETER_MAX_IN_PROGRESS, maxQueued: config.GREETER_MAX_QUEUED };
  const process = createProcess(world);
  const injector = new Injector({ now: () => world.clock.now() });
  const connected = new Set<Exchange>();
  let admission = createAdmission(limits);
  let isDead = false;

  const handle = (exchange: Exchange) => {
    onAttempt(exchange);
    const { requestId, attempt, leftMs } = exchange;
    const gone = new AbortController();
    let release = () => {};
    let isSilent = false;
    const leave = () => {
      connected.delete(exchange);
      gone.abort(LEFT);
      release();
      release = () => {};
    };
    const answer = (given: TransportResponse) => {
      if (gone.signal.aborted) return;
      exchange.respond(given);
      leave();
    };
    if (exchange.isAbandoned) return;
    exchange.onAbandoned(() => process.run(0, leave));
    process.after(Math.min(leftMs, config.GREETER_DEADLINE_MS), () => {
      if (!isSilent) answer(problemOf('deadline_exceeded'));
    });
    const start = () => {
      release = () => admission.leave();
      const facts = { requestId, attempt: String(attempt), operation: 'hello', userAgent: CALLER };
      const fault = injector.pick(facts);
      if (fault === undefined) {
        answer(answerOf(exchange.name));
        return;
      }
      const delayMs = injector.delayMs(fault, facts);
      if (delayMs <= 0) play(fault);
      else
        process.after(delayMs, () => {
          if (!gone.signal.aborted) play(fault);
        });
    };
    const cut = (how: () => void) => {
      if (gone.signal.aborted) return;
      how();
      leave();
    };
    const silent = () => {
      isSilent = true;
      process.after(HOLD_MS, () => cut(() => exchange.reset()));
    };
    const play = (fault: Fault) => {
      if (fault.status !== undefined) answer(injectedStatus(fault, fault.status));
      else if (fault.reset || fault.lostResponse) cut(() => exchange.reset());
      else if (fault.truncate || (fault.oversize ?? 0) > MOST_BYTES) cut(() => exchange.breakOff());
      else if (fault.exit) exit();
      else if (fault.hang) silent();
      else if (fault.drip) {
        silent();
        process.after(dripMs(fault, answerOf(exchange.name)), () => answer(answerOf(exchange.name)));
      } else answer(answerOf(exchange.name, fault));
    };
    admission.enter(gone.signal, start, ({ retryAfterMs }) => answer(problemOf('overloaded', retryAfterMs)));
  };

  const kill = () => {
    isDead = true;
    process.kill();
    injector.clear();
    admission = createAdmission(limits);
    for (const exchange of connected) exchange.reset();
    connected.clear();
  };
  const restart = (onListening: () => void) => {
    world.clock.after(START_MS, () => {
      isDead = false;
      process.start();
      onListening();
    });
  };
  const exit = () => {
    kill();
    options.onExit();
    world.clock.after(RESTART_AFTER_MS, () => restart(() => {}));
  };

  return {
    receive(exchange) {
      if (isDead) {
        exchange.reset();
        return;
      }
      connected.add(exchange);
      process.run(exchange.isFirst ? GREETER_CPU_MS + ACCEPT_CPU_MS : GREETER_CPU_MS, () => handle(exchange));
    },
    plan: (seed, faults) => injector.use(planSchema.parse({ seed, faults })),
    pause: () => process.pause(),
    resume: () => process.resume(),
    kill,
    restart,
    get isDead() {
      return isDead;
    },
    get isPaused() {
      return process.isPaused;
    },
  };
}

/** One pause between two bytes; the head of the answer is sent at once. */
function dripMs({ dripIntervalMs = 1_000 }: Fault, { body }: TransportResponse): number {
  return body.length * dripIntervalMs;
}

/** Given as a reason, because without one every abort makes a DOMException with a stack. */
const LEFT = 'nobody waits for the answer any more';
