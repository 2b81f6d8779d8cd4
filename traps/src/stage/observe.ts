import type { Figure } from '../measurement.ts';

/** How a call ended: `answer`, or the code of its error (its name, if it has no code). */
export function endOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'answer',
    (error: Error & { readonly code?: string }) => error.code ?? error.name,
  );
}

/** How long a call took in milliseconds, and how it ended. */
export async function timed(call: () => Promise<unknown>): Promise<Figure & { readonly ended: string }> {
  const startedAt = performance.now();
  const ended = await endOf(call());
  return { amount: performance.now() - startedAt, ended };
}

/** The percentage of elements that match. */
export function percent<T>(all: readonly T[], matches: (one: T) => boolean): number {
  return (100 * all.filter(matches).length) / all.length;
}

/** Counts how many pieces of work run at once. */
export function createGauge() {
  let now = 0;
  let most = 0;
  return {
    async during<T>(work: () => Promise<T>): Promise<T> {
      most = Math.max(most, ++now);
      try {
        return await work();
      } finally {
        now--;
      }
    },
    /** The largest number so far. */
    get most() {
      return most;
    },
  };
}

/** Waits on the global timer, which may be virtual. The one in node:timers/promises is always real. */
export const pause = (ms: number) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, ms);
  });
