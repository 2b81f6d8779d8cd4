import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { running } from './running.ts';

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

/** How long the processes under test have had work and no processor to do it, since they began. */
export interface Starvation {
  readonly atMs: number;
  readonly starvedMs: number;
  /** Of the process that measures. */
  readonly ownMs: number;
}

/**
 * Samples what the kernel says of the main threads of some processes: the second figure of `schedstat` is the time that
 * a thread has waited on a run queue, in nanoseconds (Linux, Documentation/scheduler/sched-stats.rst). On a crowded machine
 * a thread that has worked much waits longer than a bystander that mostly sleeps. Other systems do not say: 0.
 */
export function sampleStarvation(pids: readonly number[]): { readonly stop: () => Starvation[] } {
  const samples: Starvation[] = [];
  const sample = () => {
    samples.push({
      atMs: nowMs(),
      starvedMs: pids.reduce((sum, pid) => sum + starvedMs(pid), 0),
      ownMs: starvedMs(process.pid),
    });
  };
  sample();
  const timer = setInterval(sample, EVERY_MS);
  return {
    stop: () => {
      clearInterval(timer);
      sample();
      return samples;
    },
  };
}

function starvedMs(pid: number): number {
  try {
    const [, waitedNs = '0'] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ');
    return Number(waitedNs) / 1e6;
  } catch {
    // It has ended, or this is not Linux: nothing is known that could be taken off.
    return 0;
  }
}

export interface Lateness {
  /**
   * What may be taken off an answer's lateness before the edge is blamed, between two instants: the largest lateness of
   * a bystander's timer (the machine), the largest of the measuring thread's own (the load generator), and the time that the
   * processes under test were starved of a processor.
   */
  readonly between: (fromMs: number, toMs: number) => number;
  /** The same where the measuring process is also the one that is measured: its own late timers are then its own fault. */
  readonly outside: (fromMs: number, toMs: number) => number;
}

/**
 * Measures, until stopped, how late timers fire on this machine. The bystander is a thread with nothing else to do: it
 * is late only when the machine is busy or stopped. A bound on lateness can so be kept as tight as it is meant, on a
 * machine that others use too, without the noise being guessed.
 */
export async function measureLateness(): Promise<{ readonly stop: () => Promise<Lateness> }> {
  // vitest's own loader must not come along.
  const bystander = new Worker(new URL('./bystander.ts', import.meta.url), { execArgv: [], workerData: [...running] });
  await once(bystander, 'message');
  const own = sampleTimer();
  return {
    stop: async () => {
      const ownLate = own.stop();
      const told = once(bystander, 'message');
      bystander.postMessage('stop');
      const [{ late, starved }] = (await told) as [Noise];
      await bystander.terminate();
      return {
        between: (fromMs, toMs) =>
          worst(late, fromMs, toMs) + worst(ownLate, fromMs, toMs) + grown('starvedMs', starved, fromMs, toMs),
        outside: (fromMs, toMs) => worst(late, fromMs, toMs) + grown('ownMs', starved, fromMs, toMs),
      };
    },
  };
}

/** What the bystander has seen. */
export interface Noise {
  readonly late: readonly LateTimer[];
  readonly starved: readonly Starvation[];
}

function grown(figure: 'starvedMs' | 'ownMs', samples: readonly Starvation[], fromMs: number, toMs: number): number {
  const before = samples[Math.max(0, firstAfter(samples, fromMs) - 1)];
  const after = samples[Math.min(samples.length - 1, firstAfter(samples, toMs))];
  return (after?.[figure] ?? 0) - (before?.[figure] ?? 0);
}

/** Of those that were overdue at any time between the two instants. In the order of their firing, and never two at once. */
function worst(late: readonly LateTimer[], fromMs: number, toMs: number): number {
  let worstMs = 0;
  for (let index = firstAfter(late, fromMs); index < late.length; index++) {
    const { atMs, lateMs } = late[index] as LateTimer;
    if (atMs - lateMs > toMs) break;
    worstMs = Math.max(worstMs, lateMs);
  }
  return worstMs;
}

/** Index of the first that is not before an instant. */
function firstAfter(sorted: readonly { readonly atMs: number }[], instantMs: number): number {
  let low = 0;
  for (let high = sorted.length; low < high; ) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle]?.atMs ?? 0) < instantMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Does something in this process and tells how long it took, less what was not its own doing. */
export async function timed<T>(work: () => Promise<T>): Promise<{ readonly answer: T; readonly ownMs: number }> {
  const lateness = await measureLateness();
  const startedAt = nowMs();
  const answer = await work();
  const endedAt = nowMs();
  const { outside } = await lateness.stop();
  return { answer, ownMs: endedAt - startedAt - outside(startedAt, endedAt) };
}
