import type { World } from '../engine/world.ts';
import type { Request } from './request.ts';
import type { Station } from './workers.ts';

/** Where requests wait for a worker. */
export interface WaitingLine {
  enter(request: Request): void;
  /** Starts whoever can be started now. */
  takeNext(): void;
  readonly queued: number;
}

export interface WaitingLineOptions {
  readonly discipline: 'fifo' | 'lifo';
  readonly maxQueued: number;
  readonly refusesNewest: boolean;
  readonly dropsExpired: boolean;
  readonly handOverMs: number | undefined;
  readonly refuse: (request: Request) => void;
}

/** From this many places on, those that have been left at the front of the array are given back. */
const LEAST_REMOVED = 1_024;

/** A queue in order of arrival, from which workers take the oldest or the newest. It also holds those whose callers have left. */
export function createWaitingLine(world: World, station: Station, options: WaitingLineOptions): WaitingLine {
  const { discipline, maxQueued, refusesNewest, dropsExpired, handOverMs, refuse } = options;
  let waiting: Request[] = [];
  /** Index of the oldest. */
  let head = 0;

  const takeOldest = () => {
    const oldest = waiting[head++] as Request;
    if (head > LEAST_REMOVED && head > waiting.length / 2) {
      waiting = waiting.slice(head);
      head = 0;
    }
    return oldest;
  };

  const takeNext = () => {
    while (waiting.length > head && station.hasRoom) {
      const next = discipline === 'lifo' ? (waiting.pop() as Request) : takeOldest();
      if (dropsExpired && next.deadlineAt <= world.clock.now()) continue;
      station.start(next, onFree);
    }
  };
  const onFree = handOverMs === undefined ? takeNext : () => world.schedule(handOverMs, takeNext);

  return {
    enter(request) {
      if (station.hasRoom && (waiting.length === head || handOverMs !== undefined)) {
        station.start(request, onFree);
        return;
      }
      waiting.push(request);
      if (waiting.length - head > maxQueued) refuse(refusesNewest ? (waiting.pop() as Request) : takeOldest());
    },
    takeNext,
    get queued() {
      return waiting.length - head;
    },
  };
}
