import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

/** Milliseconds on the clock that all threads and processes of a machine share. */
export const nowMs = () => Number(process.hrtime.bigint()) / 1e6;

/** A timer that fired late. */
export interface LateTimer {
  /** When it fired, on the clock of `nowMs`. */
  readonly atMs: number;
  readonly lateMs: number;
}

/** How often a timer is set. A shorter stall may pass unseen between two timers. */
const EVERY_MS = 5;
/** How late timers of whole milliseconds are on an idle machine: not worth recording. */
const USUAL_MS = 1.5;

/** Sets a short timer again and again and records how late each one fires: the delay that this thread's work and the machine add to any timer. */
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

/** How long processes have had work to do and no processor to do it on, since they began. */
export interface Starvation {
  readonly atMs: number;
  readonly starvedMs: number;
  /** The same for the process that measures. */
  readonly ownMs: number;
}

/**
 * Samples what the kernel says about the main threads of some processes. The second figure of `schedstat` is the time in nanoseconds
 * that a thread has waited on a run queue (Linux, Documentation/scheduler/sched-stats.rst). On a crowded machine a thread that has
 * worked much waits longer than a bystander that mostly sleeps. Other systems do not tell, which counts as 0.
 */
export function sampleStarvation(pids: readonly number[]): { readonly stop: () => Starvation[] } {
  const samples: Starvation[] = [];
  /** The last known value of each: about a process that has ended, the kernel tells nothing any more. */
  const starved = new Map(pids.map((pid) => [pid, 0]));
  const sample = () => {
    for (const pid of pids) starved.set(pid, starvedMs(pid) ?? starved.get(pid) ?? 0);
    samples.push({
      atMs: nowMs(),
      starvedMs: [...starved.values()].reduce((sum, ms) => sum + ms, 0),
      ownMs: starvedMs(process.pid) ?? 0,
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

/** Milliseconds that a process has waited for a processor since it began. @returns `undefined` if it has ended, or the system does not tell */
export function starvedMs(pid: number): number | undefined {
  try {
    const [, waitedNs = '0'] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ');
    return Number(waitedNs) / 1e6;
  } catch {
    // The process has ended, or this is not Linux.
    return undefined;
  }
}

export interface Lateness {
  /**
   * Milliseconds to subtract from the lateness of an answer before the system under test is blamed, between two instants of `nowMs`: the
   * largest lateness of a bystander's timer (the machine), the largest of the measuring thread's own timer (the load generator), and
   * the time that the processes under test were starved of a processor.
   */
  readonly between: (fromMs: number, toMs: number) => number;
  /**
   * The same if the measuring process does some or all of the work under test. Its own late timers are then its own fault, and its own
   * wait for a processor counts.
   */
  readonly outside: (fromMs: number, toMs: number) => number;
}

/** Beside this file, with its ending: a copy that was compiled is JavaScript. */
const BYSTANDER = import.meta.url.endsWith('.ts') ? './bystander.ts' : './bystander.js';

/**
 * Measures, until stopped, how late timers fire on this machine. The bystander is a thread with nothing else to do, so it is late only
 * when the machine is busy or stopped. A bound on lateness can then be as tight as it is meant to be, even on a machine that others
 * use, and the noise need not be guessed.
 * @param pids processes under test, for the time that they are starved of a processor. Default none
 */
export async function measureLateness(
  pids: readonly number[] = [],
): Promise<{ readonly stop: () => Promise<Lateness> }> {
  const bystander = idle.pop() ?? startBystander();
  bystander.postMessage([...pids]);
  await once(bystander, 'message');
  const own = sampleTimer();
  return {
    stop: async () => {
      const ownLate = own.stop();
      const told = once(bystander, 'message');
      bystander.postMessage('stop');
      const [{ late, starved }] = (await told) as [Noise];
      idle.push(bystander);
      return {
        between: (fromMs, toMs) =>
          worst(late, fromMs, toMs) + worst(ownLate, fromMs, toMs) + grown('starvedMs', starved, fromMs, toMs),
        outside: (fromMs, toMs) =>
          worst(late, fromMs, toMs) + grown('ownMs', starved, fromMs, toMs) + grown('starvedMs', starved, fromMs, toMs),
      };
    },
  };
}

/** Bystanders that nobody needs now. Starting one for each measurement would be most of the noise. */
const idle: Worker[] = [];

function startBystander(): Worker {
  // A test runner's loader must not be inherited.
  const bystander = new Worker(new URL(BYSTANDER, import.meta.url), { execArgv: [] });
  bystander.unref();
  return bystander;
}

/** What the bystander saw. */
export interface Noise {
  readonly late: readonly LateTimer[];
  readonly starved: readonly Starvation[];
}

function grown(figure: 'starvedMs' | 'ownMs', samples: readonly Starvation[], fromMs: number, toMs: number): number {
  const before = samples[Math.max(0, firstAfter(samples, fromMs) - 1)];
  const after = samples[Math.min(samples.length - 1, firstAfter(samples, toMs))];
  return (after?.[figure] ?? 0) - (before?.[figure] ?? 0);
}

/** The largest lateness of the timers that were overdue at any time between the two instants. */
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

/**
 * Does something, in this process and perhaps in others.
 * @param pids the others. Default none
 * @returns its result, and how long it took without the delay that the machine added
 */
export async function timed<T>(
  work: () => Promise<T>,
  pids: readonly number[] = [],
): Promise<{ readonly answer: T; readonly ownMs: number }> {
  const lateness = await measureLateness(pids);
  const startedAt = nowMs();
  const answer = await work();
  const endedAt = nowMs();
  const { outside } = await lateness.stop();
  // The delays may overlap: then they add up to more than there was.
  return { answer, ownMs: Math.max(0, endedAt - startedAt - outside(startedAt, endedAt)) };
}
