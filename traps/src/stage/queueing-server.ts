import { type Call, systemClock } from '@halfopen/client';
import { chance } from '@halfopen/testing';
import { pause } from './observe.ts';

interface ServerOptions {
  /** How many calls it works on at once. */
  readonly places: number;
  /** Mean work per call: half of it is fixed, the other half is exponentially distributed. */
  readonly workMs: number;
  /** Whether it notices that a waiting caller has left, and never starts that work. */
  readonly dropsAbandoned: boolean;
}

/** A server with a first-in, first-out queue. Work that has started runs to its end, even if its caller has left. */
export function createServer({ places, workMs, dropsAbandoned }: ServerOptions) {
  const waiting = new Set<() => void>();
  const random = chance(5);
  const workOfOneMs = () => (workMs / 2) * (1 - Math.log(1 - random()));
  let free = places;
  let stillUntil = 0;

  const work = async () => {
    const stillMs = Math.max(0, stillUntil - systemClock.now());
    await pause(stillMs + workOfOneMs());
    const [next] = waiting;
    if (next === undefined) {
      free++;
      return;
    }
    waiting.delete(next);
    next();
  };

  const call: Call<string> = ({ signal }) =>
    new Promise((resolve, reject) => {
      const begin = () => void work().then(() => resolve('answer'));
      signal.addEventListener(
        'abort',
        () => {
          reject(signal.reason as Error);
          if (dropsAbandoned) waiting.delete(begin);
        },
        { once: true },
      );
      if (free > 0) {
        free--;
        begin();
      } else {
        waiting.add(begin);
      }
    });

  return {
    call,
    /** Work that starts within the next `forMs` milliseconds waits until they have passed. */
    standStill(forMs: number) {
      stillUntil = systemClock.now() + forMs;
    },
  };
}
