import { type Call, systemClock } from '../../packages/client/src/index.ts';
import { chance } from '../../packages/resilience/test/calls.ts';
import { pause } from './observe.ts';

interface ServerOptions {
  readonly places: number;
  /** On average: half of it at the least, the rest by chance. */
  readonly workMs: number;
  /** Whether it hears of those who leave, and does not begin what they asked for. */
  readonly dropsAbandoned: boolean;
}

/** A server that works on so many calls at once, and on the others in their order. What it has begun it ends, whoever has left. */
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
    /** Whatever it begins from now on takes so much longer. */
    standStill(forMs: number) {
      stillUntil = systemClock.now() + forMs;
    },
  };
}
