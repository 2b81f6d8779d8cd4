import { type Admission, createAdmission } from '../../packages/service-kit/src/admission.ts';
import { createGauge, pause, percent } from './observe.ts';
import { onVirtualTime, openLoop } from './on-virtual-time.ts';

const PLACES = 16;
const WORK_MS = 50;
const WAITS_MS = 500;
const LOAD = { ratePerS: (2 * PLACES * 1_000) / WORK_MS, seconds: 20 };

/** What every run of `overload` is given: Markdown. */
export const OVERLOAD = `a server with ${PLACES} places and work of ${WORK_MS} ms, asked twice what it can do for ${LOAD.seconds} s by callers who wait ${WAITS_MS} ms`;

export type Queue = Pick<Admission, 'enter' | 'leave' | 'queued'>;

export const newestFirst = (maxQueued: number): Queue => createAdmission({ maxInProgress: PLACES, maxQueued });

/** Who came first is next; beyond the limit the newest is refused. As a queue in front of a service usually is. */
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
  /** Milliseconds of work. */
  readonly workMs: number;
  /** From the request's arrival to its answer; `undefined` where there was none. */
  readonly answeredAfterMs: number | undefined;
}

/** A server asked twice what it can do. `isTold`: it drops what nobody waits for any longer, begun or not. */
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
      /** Answers in time, of those that it could have given before the last caller left. */
      goodPercent: (100 * answered.filter(isInTime).length * WORK_MS) / (PLACES * (LOAD.seconds * 1_000 + WAITS_MS)),
      /** Of its answers, those after their caller has gone. */
      latePercent: percent(answered, (one) => !isInTime(one)),
      /** Of its work, what came of nothing that was answered in time. */
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
      // Begun work says itself when it has ended.
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

/** @returns whether it came to its end */
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

/** What `workAtOnce` is given: Markdown. */
export const IMPATIENCE = `a server with ${PLACES} places and work of ${DEAF_WORK_MS} ms that hears no abort, ${LOAD.ratePerS} callers a second who leave after ${LEAVES_AFTER_MS} ms`;

/** Most requests at work at once. */
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
