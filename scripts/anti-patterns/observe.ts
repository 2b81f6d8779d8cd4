import type { Figure } from './measurement.ts';

/** How a call ended: `answer`, or the code of its error. */
export function endOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'answer',
    (error: Error & { readonly code?: string }) => error.code ?? error.name,
  );
}

/** How long a call took, in milliseconds, and how it ended. */
export async function timed(call: () => Promise<unknown>): Promise<Figure & { readonly ended: string }> {
  const startedAt = performance.now();
  const ended = await endOf(call());
  return { amount: performance.now() - startedAt, ended };
}

/** How many of them are so, of 100. */
export function percent<T>(all: readonly T[], isSo: (one: T) => boolean): number {
  return (100 * all.filter(isSo).length) / all.length;
}

/** Counts what goes on at once. */
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
    get most() {
      return most;
    },
  };
}

/** The global timer of the moment, which may be a virtual one: node:timers/promises would always be real. */
export const pause = (ms: number) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, ms);
  });
