import type { World } from '../engine/world.ts';
import type { Request } from './request.ts';

/** Where requests are worked on. */
export interface Station {
  /** Starts work. @param onFree called once, when the work has ended and its place is free */
  start(request: Request, onFree: () => void): void;
  /** Work stands still, as in a stopped process. */
  stop(): void;
  /** Work goes on where it stood. */
  resume(): void;
  readonly hasRoom: boolean;
  readonly inProgress: number;
}

export interface StationOptions {
  readonly workers: number;
  readonly stopsAbandonedWork: boolean;
  /** How long a request takes. Asked once, when its work starts. */
  readonly takesMs: (request: Request) => number;
  /** Called when the service time is over. @param release frees the place */
  readonly onServed: (request: Request, release: () => void) => void;
  /** Whether `onServed` settles no promise. See `World.schedule`. */
  readonly servedQuietly: boolean;
}

/** A number of workers, each of which works on one request at a time. */
export function createWorkers(world: World, options: StationOptions): Station {
  const { workers, stopsAbandonedWork, takesMs, onServed } = options;
  const after = (delayMs: number, action: () => void) => {
    if (options.servedQuietly) world.schedule(delayMs, action);
    else world.clock.after(delayMs, action);
  };
  let inProgress = 0;
  /** Since when the process is stopped. */
  let stoppedAtMs: number | undefined;
  let stoppedForMs = 0;
  /** What came to pass while the process was stopped, and happens when it goes on. */
  let postponed: (() => void)[] = [];

  return {
    start(request, onFree) {
      inProgress++;
      let isOver = false;
      let knownStopMs = stoppedForMs;
      const release = () => {
        inProgress--;
        onFree();
      };
      const end = () => {
        if (isOver) return;
        if (stoppedAtMs !== undefined) {
          const leftMs = world.nowMs - stoppedAtMs + stoppedForMs - knownStopMs;
          postponed.push(() => {
            knownStopMs = stoppedForMs;
            after(leftMs, end);
          });
          return;
        }
        const owedMs = stoppedForMs - knownStopMs;
        if (owedMs > 0) {
          knownStopMs = stoppedForMs;
          after(owedMs, end);
          return;
        }
        isOver = true;
        onServed(request, release);
      };
      after(takesMs(request), end);
      if (!stopsAbandonedWork) return;
      const abandon = () => {
        if (isOver) return;
        isOver = true;
        release();
      };
      if (request.isAbandoned) abandon();
      else
        request.onAbandoned(() => {
          if (stoppedAtMs === undefined) abandon();
          else postponed.push(abandon);
        });
    },
    stop() {
      stoppedAtMs ??= world.nowMs;
    },
    resume() {
      if (stoppedAtMs === undefined) return;
      stoppedForMs += world.nowMs - stoppedAtMs;
      stoppedAtMs = undefined;
      const now = postponed;
      postponed = [];
      for (const action of now) action();
    },
    get hasRoom() {
      return inProgress < workers && stoppedAtMs === undefined;
    },
    get inProgress() {
      return inProgress;
    },
  };
}
