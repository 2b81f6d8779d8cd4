import { indexOfRequestId } from '../load/request-id.ts';

/** The attempts that the greeters have seen, one by one. */
export interface AttemptLog {
  /** Takes a line of a greeter's log. */
  read(line: string): void;
  /** @returns how many attempts each arrival cost; index is the number of the arrival */
  counts(arrivals: number): Uint16Array;
  /** When each attempt arrived, in milliseconds since 1970. */
  readonly startedAtMs: readonly number[];
}

/**
 * Counts attempts where they arrive: in the log of the greeter, which names the request that each belongs to, and so counts what
 * no edge can hide. A greeter writes a line when an attempt has ended, however it has ended; one that is killed cannot write the
 * lines of those it was working on.
 */
export function createAttemptLog(seed: number): AttemptLog {
  const seen: number[] = [];
  const startedAtMs: number[] = [];
  return {
    startedAtMs,
    read(line) {
      // Cheaper than to parse what is none of our business.
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
