import type { RawRun } from './raw-run.ts';

/**
 * Whether the same index is the same arrival on both sides: equally many runs, with equally many requests, due at the
 * same times.
 */
export function arePairs(a: readonly RawRun[], b: readonly RawRun[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ dueMs }, run) => {
      const other = b[run]?.dueMs;
      return dueMs.length === other?.length && dueMs.every((due, index) => due === other[index]);
    })
  );
}
