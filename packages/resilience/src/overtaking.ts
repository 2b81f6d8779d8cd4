/** What tells a queue from bad luck. */
export interface Overtaking {
  /** The downstream has answered an attempt. @param startedAt when the attempt began */
  answered(startedAt: number): void;
  /** Whether an attempt that began clearly later than this one has been answered. */
  hasOvertaken(startedAt: number): boolean;
}

/** The share of the attempt timeout by which an attempt must have begun later. Workers side by side finish in a slightly different order. */
const MARGIN_SHARE = 0.1;

/**
 * A queue serves in order, so while a queue is the reason, nobody who came later is answered first. An attempt that timed out although a
 * later one was answered was not in a queue: it hung, it was lost, or it met one bad endpoint of several. Fewer calls would not have
 * helped it.
 */
export function createOvertaking(attemptTimeoutMs: number): Overtaking {
  const marginMs = attemptTimeoutMs * MARGIN_SHARE;
  let latest = Number.NEGATIVE_INFINITY;
  return {
    answered(startedAt) {
      if (startedAt > latest) latest = startedAt;
    },
    hasOvertaken: (startedAt) => latest >= startedAt + marginMs,
  };
}
