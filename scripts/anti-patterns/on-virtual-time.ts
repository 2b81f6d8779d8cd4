import { install } from '@sinonjs/fake-timers';
import { chance } from '../../packages/resilience/test/calls.ts';
import { pause } from './observe.ts';

const FAKED = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] as const;

/**
 * Runs it on a virtual clock, timer by timer, until it has ended. The clock of the whole process: opossum's and cockatiel's timers
 * are global ones.
 */
export async function onVirtualTime<T>(body: () => Promise<T>): Promise<T> {
  const clock = install({ toFake: [...FAKED], shouldClearNativeTimers: true });
  try {
    // Some time in: at zero, nothing tells a point in time from a duration.
    clock.tick(100_000);
    return await drive(body(), clock);
  } finally {
    clock.uninstall();
  }
}

async function drive<T>(result: Promise<T>, clock: ReturnType<typeof install>): Promise<T> {
  let ended = false;
  const end = () => {
    ended = true;
  };
  result.then(end, end);
  await quiet();
  while (!ended) {
    if (clock.countTimers() === 0) throw new Error('it waits for what no timer will bring');
    clock.next();
    await quiet();
  }
  return result;
}

/** Real, and after every promise. */
const quiet = () => new Promise<void>((resolve) => setImmediate(resolve));

export interface Load {
  readonly ratePerS: number;
  readonly seconds: number;
}

/** Calls that come by chance (Poisson), whatever becomes of those before. Resolves when all have settled, with what each returned. */
export async function openLoop<T>({ ratePerS, seconds }: Load, call: (atMs: number) => Promise<T>): Promise<T[]> {
  const random = chance(7);
  const startedAt = performance.now();
  const calls: Promise<T>[] = [];
  for (let atMs = 0; atMs < seconds * 1_000; atMs -= (Math.log(1 - random()) / ratePerS) * 1_000) {
    await until(startedAt + atMs);
    calls.push(call(atMs));
  }
  return Promise.all(calls);
}

async function until(at: number): Promise<void> {
  const leftMs = at - performance.now();
  if (leftMs > 0) await pause(leftMs);
}
