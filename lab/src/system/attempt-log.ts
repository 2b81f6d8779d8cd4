import { indexOfRequestId } from '../load/request-id.ts';

/** The attempts that the greeters saw, one by one. */
export interface AttemptLog {
  /** Reads a line of a greeter's log. */
  read(line: string): void;
  /** @returns how many attempts each arrival took, by index of the arrival */
  counts(arrivals: number): Uint16Array;
  /** When each attempt arrived, in milliseconds since 1970. */
  readonly startedAtMs: readonly number[];
}

/**
 * Counts attempts where they arrive: in the greeter's log, which names the request of each attempt. No edge can hide an
 * attempt from it. A greeter logs an attempt when it has ended, whatever its outcome; a killed greeter cannot log the
 * attempts it was working on.
 */
export function createAttemptLog(seed: number): AttemptLog {
  const seen: number[] = [];
  const startedAtMs: number[] = [];
  return {
    startedAtMs,
    read(line) {
      // Cheaper than parsing every line.
      if (!line.includes('"msg":"request')) return;
      const {
        requestId,
        time,
        durationMs = 0,
      } = JSON.parse(line) as { requestId: string; time: string; durationMs?: number };
      const index = indexOfRequestId(seed, requestId);
      if (index === undefined) return;
      seen.push(index);
      startedAtMs.push(Date.parse(time) - durationMs);
    },
    counts(arrivals) {
      const counts = new Uint16Array(arrivals);
      for (const index of seen) counts[index] = (counts[index] ?? 0) + 1;
      return counts;
    },
  };
}
