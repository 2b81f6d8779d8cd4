import { CallError, type Safety } from '@halfopen/client';
import type { SimulatedClient } from '../client/simulated-client.ts';
import type { World } from '../engine/world.ts';
import type { Journal } from '../record/journal.ts';

export interface CallersOptions {
  /** When calls are due, ascending, in milliseconds since the world began. */
  readonly arrivals: Iterable<number>;
  /** Who calls. Each call goes through one of them, drawn at random. */
  readonly clients: readonly SimulatedClient[];
  readonly journal: Journal;
  /** Requests of each call, all of which must succeed. Default 1. */
  readonly fanOut?: number | undefined;
  /** Default `safe`. */
  readonly safety?: Safety | undefined;
  /** Milliseconds after which a caller leaves, whatever the policies would still do. Default: it waits for as long as they do. */
  readonly patienceMs?: number | undefined;
}

/** An open loop: callers come whatever becomes of those before them. */
export function startCallers(world: World, options: CallersOptions): void {
  const { clients, journal, fanOut = 1, safety, patienceMs } = options;
  const choose = world.random('callers', 'clients');
  const arrivals = options.arrivals[Symbol.iterator]();

  const call = (dueMs: number) => {
    const index = journal.begin(dueMs);
    const client = clients[clients.length === 1 ? 0 : Math.floor(choose() * clients.length)] as SimulatedClient;
    const patience = patienceMs === undefined ? undefined : patienceOf(world, patienceMs);
    const part = (id: string) => client.call({ id, safety, ...patience });
    const whole =
      fanOut === 1
        ? part(`${index}`)
        : Promise.all(Array.from({ length: fanOut }, (_, request) => part(`${index}.${request}`)));
    whole.then(
      () => {
        patience?.end();
        journal.succeed(index, world.nowMs);
      },
      (error: unknown) => {
        patience?.end();
        try {
          journal.fail(index, world.nowMs, error);
        } catch (bug) {
          world.fail(bug);
        }
      },
    );
  };

  const planNext = () => {
    const next = arrivals.next();
    if (next.done === true) return;
    world.at(next.value, () => {
      planNext();
      call(next.value);
    });
  };
  planNext();
}

/** How long a caller waits. It says so, and it leaves then. */
function patienceOf(world: World, patienceMs: number) {
  const controller = new AbortController();
  const end = world.clock.after(patienceMs, () => {
    controller.abort(new CallError('deadline_exceeded', 'the caller gave up', { sent: 'perhaps' }));
  });
  return { deadlineAt: world.clock.now() + patienceMs, signal: controller.signal, end };
}

/** The index in the journal of the call to which a request belongs. @param id of the request */
export function callIndexOf(id: string): number {
  return Number.parseInt(id, 10);
}
