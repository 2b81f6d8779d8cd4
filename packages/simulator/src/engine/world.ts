import type { Clock, Random } from '@halfopen/client';
import { type AttemptChance, attemptChance, randomStream } from './chance.ts';
import { EventQueue } from './event-queue.ts';
import { pump } from './pump.ts';
import { shortenStacks } from './short-stacks.ts';

export interface RunOptions {
  /** Stops the run early. What has happened until then stays valid. Default: never. */
  readonly signal?: AbortSignal | undefined;
  /** Called about every 256 events with the virtual time, in milliseconds since the world began. Default: nobody. */
  readonly onProgress?: ((nowMs: number) => void) | undefined;
}

/** One axis of virtual time, and all chance of one seed. */
export interface World {
  readonly seed: number;
  /** The clock for policies. Its zero point differs from the world's: at zero, a moment and a duration would look alike. */
  readonly clock: Clock;
  /** Milliseconds since the world began. */
  readonly nowMs: number;
  /**
   * Runs `action` at a moment, or at once if it has passed. @param atMs milliseconds since the world began
   * @returns cancels it
   */
  at(atMs: number, action: () => void): () => void;
  /**
   * Runs `action` after `delayMs`, without waiting for promises afterwards: a third less time per event. Only for actions of models,
   * which settle no promise and call nothing that does.
   */
  schedule(delayMs: number, action: () => void): void;
  /** Random numbers of one entity for one purpose: `random('client 3', 'policies')`. */
  random(entity: string, purpose: string): Random;
  /** Random numbers of each attempt for one purpose, whatever order attempts arrive in. */
  attemptChance(entity: string, purpose: string): AttemptChance;
  /**
   * Lets time pass until a moment, or until nothing is left to happen.
   * @param untilMs milliseconds since the world began. Default: no limit
   * @returns whether it got there. False if it was aborted
   */
  run(untilMs?: number, options?: RunOptions): Promise<boolean>;
  /** Ends the run, which rejects with this error. For failures of the simulation itself, such as a policy that throws a TypeError. */
  fail(error: unknown): void;
  /** Events that have happened. */
  readonly happened: number;
  /** Events to come. */
  readonly pending: number;
}

/** A power of two, so that a time has the same resolution on the clock as on the world's axis. */
const CLOCK_ZERO_MS = 2 ** 17;

/** Quiet events that may run one after the other, before progress is reported and an abort is noticed. */
const MOST_QUIET = 1_024;

/** @param seed a whole number. The same seed and the same model give the same events, on every machine */
export function createWorld(seed: number): World {
  const queue = new EventQueue();
  let now = CLOCK_ZERO_MS;
  let happened = 0;
  let failure: { readonly error: unknown } | undefined;
  const plan = (atMs: number, action: () => void) => {
    const event = queue.add(atMs, action, false);
    return () => queue.cancel(event);
  };

  /** Runs events up to and including the next one that may settle a promise. @returns whether there was one */
  const step = (untilMs: number): boolean => {
    for (let count = 0; count < MOST_QUIET; count++) {
      const event = queue.next(untilMs);
      if (event === undefined) return false;
      now = event.atMs;
      happened++;
      const action = event.run as () => void;
      event.run = undefined;
      action();
      if (failure !== undefined) throw failure.error;
      if (!event.isQuiet) return true;
    }
    return true;
  };

  return {
    seed,
    clock: {
      now: () => now,
      after: (delayMs, callback) => plan(now + Math.max(0, delayMs), callback),
    },
    get nowMs() {
      return now - CLOCK_ZERO_MS;
    },
    at: (atMs, action) => plan(Math.max(now, atMs + CLOCK_ZERO_MS), action),
    schedule(delayMs, action) {
      queue.add(now + Math.max(0, delayMs), action, true);
    },
    random: (entity, purpose) => randomStream(seed, `${entity}: ${purpose}`),
    attemptChance: (entity, purpose) => attemptChance(seed, `${entity}: ${purpose}`),
    async run(untilMs = Number.POSITIVE_INFINITY, { signal, onProgress } = {}) {
      const until = untilMs + CLOCK_ZERO_MS;
      const wasAborted = () => signal?.aborted === true;
      const restoreStacks = shortenStacks();
      try {
        await pump(
          () => step(until),
          () => {
            onProgress?.(now - CLOCK_ZERO_MS);
            return !wasAborted();
          },
        );
      } finally {
        restoreStacks();
      }
      if (failure !== undefined) throw failure.error;
      if (wasAborted()) return false;
      if (until > now && until !== Number.POSITIVE_INFINITY) now = until;
      return true;
    },
    fail(error) {
      failure ??= { error };
    },
    get happened() {
      return happened;
    },
    get pending() {
      return queue.size;
    },
  };
}
