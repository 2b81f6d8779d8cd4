import type { World } from '@halfopen/simulator';

/** A process with one thread, which can be paused and killed. */
export interface SimulatedProcess {
  /** Does `action` once the thread has spent `costMs` on it, after everything that came before. */
  run(costMs: number, action: () => void): void;
  /** A timer of the process: it needs the thread, but costs it nothing. */
  after(delayMs: number, action: () => void): void;
  /** Stops the thread. What comes meanwhile waits. */
  pause(): void;
  /** What has waited is done, in order. */
  resume(): void;
  /** Nothing that was begun ever ends. */
  kill(): void;
  start(): void;
  readonly isRunning: boolean;
  readonly isPaused: boolean;
}

export function createProcess(world: World): SimulatedProcess {
  const { clock } = world;
  /** Counts the lives of the process: what an earlier one has planned is dropped. */
  let life = 0;
  let isAlive = true;
  let isPaused = false;
  let freeAtMs = 0;
  let held: { readonly costMs: number; readonly action: () => void }[] = [];

  const plan = (atMs: number, costMs: number, action: () => void) => {
    const planned = life;
    clock.after(atMs - clock.now(), () => {
      if (life !== planned || !isAlive) return;
      if (isPaused) held.push({ costMs, action });
      else action();
    });
  };
  const run = (costMs: number, action: () => void) => {
    freeAtMs = Math.max(freeAtMs, clock.now()) + costMs;
    plan(freeAtMs, costMs, action);
  };
  return {
    run,
    after: (delayMs, action) => plan(clock.now() + delayMs, 0, action),
    pause() {
      isPaused = true;
    },
    resume() {
      isPaused = false;
      const now = held;
      held = [];
      freeAtMs = clock.now();
      for (const { costMs, action } of now) run(costMs, action);
    },
    kill() {
      life++;
      isAlive = false;
      isPaused = false;
      held = [];
    },
    start() {
      isAlive = true;
      freeAtMs = clock.now();
    },
    get isRunning() {
      return isAlive && !isPaused;
    },
    get isPaused() {
      return isPaused;
    },
  };
}
