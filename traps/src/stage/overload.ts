import { type Admission, createAdmission } from '@halfopen/service-kit/admission';
import { createGauge, pause, percent } from './observe.ts';
import { onVirtualTime, openLoop } from './on-virtual-time.ts';

const PLACES = 16;
const WORK_MS = 50;
const WAITS_MS = 500;
const LOAD = { ratePerS: (2 * PLACES * 1_000) / WORK_MS, seconds: 20 };

/** The inputs of `overload`, as Markdown. */
export const OVERLOAD = `a server with ${PLACES} places and ${WORK_MS} ms of work per request, at twice its capacity for ${LOAD.seconds} s; callers wait ${WAITS_MS} ms`;

export type Queue = Pick<Admission, 'enter' | 'leave' | 'queued'>;

export const newestFirst = (maxQueued: number): Queue => createAdmission({ maxInProgress: PLACES, maxQueued });

/** The usual queue in front of a service: the oldest request is next, and a full queue refuses the newest. */
export function firstInFirstOut(maxQueued: number): Queue {
  let inProgress = 0;
  const waiting = new Set<() => void>();
  return {
    enter(signal, start, refuse) {
      if (inProgress < PLACES) {
        inProgress++;
        start();
      } else if (waiting.size >= maxQueued) {
        (refuse as () => void)();
      } else {
        const turn = () => {
          signal.removeEventListener('abort', leave);
          start();
        };
        const leave = () => void waiting.delete(turn);
        signal.addEventListener('abort', leave, { once: true });
        waiting.add(turn);
      }
    },
    leave() {
      const [next] = waiting;
      if (next === undefined) {
        inProgress--;
        return;
      }
      waiting.delete(next);
      next();
    },
    get queued() {
      return waiting.size;
    },
  };
}

interface Served {
  /** Work done for the request. */
  readonly workMs: number;
  /** From the request's arrival to its answer; `undefined` if there was no answer. */
  readonly answeredAfterMs: number | undefined;
}

/**
 * Runs a server at twice its capacity.
 * @param isTold whether the server learns that a caller has left, and drops that request, started or not
 */
export function overload({ queue, isTold }: { readonly queue: Queue; readonly isTold: boolean }) {
  return onVirtualTime(async () => {
    let mostQueued = 0;
    const served = await openLoop(LOAD, () => {
      const answer = serve(queue, isTold);
      mostQueued = Math.max(mostQueued, queue.queued);
      return answer;
    });
    const answered = served.filter(({ answeredAfterMs }) => answeredAfterMs !== undefined);
    const isInTime = ({ answeredAfterMs = Number.POSITIVE_INFINITY }: Served) => answeredAfterMs <= WAITS_MS;
    const workMs = sum(served);
    return {
      /** Answers in time, as a share of what the server could have answered before the last caller left. */
      goodPercent: (100 * answered.filter(isInTime).length * WORK_MS) / (PLACES * (LOAD.seconds * 1_000 + WAITS_MS)),
      /** Share of its answers that came after their caller had left. */
      latePercent: percent(answered, (one) => !isInTime(one)),
      /** Share of its work that led to no answer in time. */
      wastedPercent: (100 * sum(served.filter((one) => !isInTime(one)))) / workMs,
      mostQueued,
    };
  });
}

const sum = (served: readonly Served[]) => served.reduce((ms, { workMs }) => ms + workMs, 0);

function serve(queue: Queue, isTold: boolean): Promise<Served> {
  const arrivedAt = performance.now();
  const caller = new AbortController();
  const { signal } = isTold ? caller : new AbortController();
  return new Promise((resolve) => {
    const giveUp = setTimeout(() => {
      caller.abort();
      // Work that has started resolves the promise itself.
      if (isTold && startedAt === undefined) resolve({ workMs: 0, answeredAfterMs: undefined });
    }, WAITS_MS);
    let startedAt: number | undefined;
    const start = async () => {
      startedAt = performance.now();
      const isDone = await work(signal);
      const now = performance.now();
      clearTimeout(giveUp);
      queue.leave();
      resolve({ workMs: now - startedAt, answeredAfterMs: isDone ? now - arrivedAt : undefined });
    };
    queue.enter(
      signal,
      () => void start(),
      () => {
        clearTimeout(giveUp);
        resolve({ workMs: 0, answeredAfterMs: undefined });
      },
    );
  });
}

/** @returns whether the work ran to its end */
function work(signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const done = setTimeout(() => resolve(true), WORK_MS);
    signal.addEventListener('abort', () => {
      clearTimeout(done);
      resolve(false);
    });
  });
}

const LEAVES_AFTER_MS = 20;
const DEAF_WORK_MS = 400;

/** The inputs of `workAtOnce`, as Markdown. */
export const IMPATIENCE = `a server with ${PLACES} places and ${DEAF_WORK_MS} ms of work that ignores aborts; ${LOAD.ratePerS} callers per second leave after ${LEAVES_AFTER_MS} ms`;

/** The most requests that the server works on at once. */
export function workAtOnce(placeIsFree: 'when its caller has left' | 'when its work has ended'): Promise<number> {
  return onVirtualTime(async () => {
    const queue = newestFirst(256);
    const gauge = createGauge();
    await openLoop({ ...LOAD, seconds: 5 }, async () => {
      const caller = new AbortController();
      const { signal } = caller;
      const start = () => {
        const worked = gauge.during(() => pause(DEAF_WORK_MS));
        if (placeIsFree === 'when its work has ended') void worked.then(() => queue.leave());
        else signal.addEventListener('abort', () => queue.leave(), { once: true });
      };
      queue.enter(signal, start, () => undefined);
      await pause(LEAVES_AFTER_MS);
      caller.abort();
    });
    return gauge.most;
  });
}
