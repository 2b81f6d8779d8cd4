import type { Seen } from './open-loop.ts';

/**
 * How long after an instant of the loop a request still failed, without the delay that the machine added meanwhile: a late
 * machine makes probes late, and whatever waits for them.
 * @param failed which requests count. Default: all that were not answered with 200
 */
export function recoveryMs(
  seen: readonly Seen[],
  wellAtMs: number,
  failed: (one: Seen) => boolean = ({ status }) => status !== 200,
): number {
  const lastBadAtMs = Math.max(...seen.filter(failed).map(({ dueMs }) => dueMs));
  const meanwhile = seen.filter(({ dueMs, tookMs }) => dueMs <= lastBadAtMs && dueMs + tookMs >= wellAtMs);
  return lastBadAtMs - wellAtMs - Math.max(0, ...meanwhile.map(({ noiseMs }) => noiseMs));
}
