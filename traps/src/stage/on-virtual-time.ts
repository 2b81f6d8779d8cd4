import { chance } from '@halfopen/testing';
import { install } from '@sinonjs/fake-timers';
import { pause } from './observe.ts';

const FAKED = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] as const;

/**
 * Runs `body` on a virtual clock until it has ended, one timer after another. It replaces the timers of the whole process, because
 * opossum and cockatiel take the time from nowhere else.
 * @throws Error when `body` waits although no timer is pending
 */
export async function onVirtualTime<T>(body: () => Promise<T>): Promise<T> {
  const clock = install({ toFake: [...FAKED], shouldClearNativeTimers: true });
  try {
    // At zero, a point in time and a duration would look alike.
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
  await promisesSettled();
  while (!ended) {
    if (clock.countTimers() === 0) throw new Error('no timer is pending, but the body has not ended');
    clock.next();
    await promisesSettled();
  }
  return result;
}

/** `setImmediate` is not faked. It runs after every promise that can settle. */
const promisesSettled = () => new Promise<void>((resolve) => setImmediate(resolve));

export interface Load {
  readonly ratePerS: number;
  readonly seconds: number;
}

/**
 * Starts calls at random times (Poisson arrivals), however long earlier calls take.
 * @returns what each call returned, once all have ended
 */
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
