import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** Milliseconds on the one clock that all threads and processes of a machine share. */
export const nowMs = () => Number(process.hrtime.bigint()) / 1e6;

/** A timer that fired late. */
export interface LateTimer {
  /** When it fired, on the clock of `nowMs`. */
  readonly atMs: number;
  readonly lateMs: number;
}

/** How often a timer is set. A stall shorter than this may pass between two of them. */
const EVERY_MS = 5;
/** What timers of whole milliseconds are late by on an idle machine: not worth keeping. */
const USUAL_MS = 1.5;

/** Sets a short timer again and again, and notes how late each fires: what this thread's own work and the machine add to any timer. */
export function sampleTimer(): { readonly stop: () => LateTimer[] } {
  const late: LateTimer[] = [];
  let dueMs = nowMs() + EVERY_MS;
  const note = () => {
    const atMs = nowMs();
    if (atMs - dueMs > USUAL_MS) late.push({ atMs, lateMs: atMs - dueMs });
    dueMs = atMs + EVERY_MS;
  };
  const fired = () => {
    note();
    timer = setTimeout(fired, EVERY_MS);
  };
  let timer = setTimeout(fired, EVERY_MS);
  return {
    stop: () => {
      clearTimeout(timer);
      note();
      return late;
    },
  };
}

export interface Lateness {
  /**
   * What may be taken off an answer's lateness before the edge is blamed: the largest lateness of a bystander's timer
   * between two instants (the machine), plus the largest of the measuring thread's own (the load generator).
   */
  readonly between: (fromMs: number, toMs: number) => number;
  /** The largest lateness of all. */
  readonly machineMs: number;
  readonly ownMs: number;
}

/**
 * Measures, until stopped, how late timers fire on this machine. The bystander is a thread with nothing else to do: it
 * is late only when the machine is busy or stopped. A bound on lateness can so be kept as tight as it is meant, on a
 * machine that others use too, without the noise being guessed.
 */
export async function measureLateness(): Promise<{ readonly stop: () => Promise<Lateness> }> {
  // vitest's own loader must not come along.
  const bystander = new Worker(new URL('./bystander.ts', import.meta.url), { execArgv: [] });
  await once(bystander, 'message');
  const own = sampleTimer();
  return {
    stop: async () => {
      const ownLate = own.stop();
      const told = once(bystander, 'message');
      bystander.postMessage('stop');
      const [machineLate] = (await told) as [LateTimer[]];
      await bystander.terminate();
      return {
        between: (fromMs, toMs) => worst(machineLate, fromMs, toMs) + worst(ownLate, fromMs, toMs),
        machineMs: worst(machineLate, 0, Number.POSITIVE_INFINITY),
        ownMs: worst(ownLate, 0, Number.POSITIVE_INFINITY),
      };
    },
  };
}

/** Of those that were overdue at any time between the two instants. In the order of their firing, and never two at once. */
function worst(late: readonly LateTimer[], fromMs: number, toMs: number): number {
  let low = 0;
  for (let high = late.length; low < high; ) {
    const middle = (low + high) >>> 1;
    if ((late[middle]?.atMs ?? 0) < fromMs) low = middle + 1;
    else high = middle;
  }
  let worstMs = 0;
  for (let index = low; index < late.length; index++) {
    const { atMs, lateMs } = late[index] as LateTimer;
    if (atMs - lateMs > toMs) break;
    worstMs = Math.max(worstMs, lateMs);
  }
  return worstMs;
}
