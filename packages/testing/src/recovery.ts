/** Length of the windows in which recovery is judged. */
export const RECOVERY_WINDOW_MS = 250;
const STEP_MS = 50;
const SHARE = 0.95;
/** Fewer requests, or less time, after the fault is too little to judge recovery. */
const LEAST_REQUESTS = 20;
const LEAST_OBSERVED_MS = 1_000;

/**
 * Recovery time: milliseconds from the end of the fault to the first moment after which, in every window of 250 ms (one
 * starts each 50 ms) up to the end of the measurement, at least 95 % of the requests due in it succeeded.
 *
 * - Due, not answered: a caller who came while the system was still down counts, however late the answer.
 * - *Every* following window: a system that comes back and fails again has not recovered.
 * - 95 %, because one stray failure is not an outage. A window of 250 ms holds 50 requests at 200 a second, enough for
 *   a share to mean something; with fewer than 20 in a window all must succeed.
 * - A `degraded` answer is not a success: stale answers are given while the system has not recovered.
 * - Resolution: 50 ms, or the gap between two requests if that is longer.
 * @param fromMs end of the fault, on the time axis of `dueMs`
 * @param toMs end of the measurement
 * @returns `Infinity` when it did not recover by then; `null` when fewer than 20 requests were due or less than a
 *   second was observed
 */
export function recoveryMs(
  requests: { readonly dueMs: Float64Array; readonly succeeded: (index: number) => boolean },
  fromMs: number,
  toMs: number,
): number | null {
  const { dueMs, succeeded } = requests;
  const first = dueMs.findIndex((due) => due >= fromMs);
  if (first < 0 || toMs - fromMs < LEAST_OBSERVED_MS || dueMs.length - first < LEAST_REQUESTS) return null;
  let recoveredAt = fromMs;
  const windows = Math.max(1, Math.floor((toMs - fromMs - RECOVERY_WINDOW_MS) / STEP_MS) + 1);
  let begin = first;
  for (let window = 0; window < windows; window++) {
    const windowFrom = fromMs + window * STEP_MS;
    while (begin < dueMs.length && (dueMs[begin] as number) < windowFrom) begin++;
    let [due, good] = [0, 0];
    for (
      let index = begin;
      index < dueMs.length && (dueMs[index] as number) < windowFrom + RECOVERY_WINDOW_MS;
      index++
    ) {
      due++;
      if (succeeded(index)) good++;
    }
    if (good < SHARE * due) recoveredAt = windowFrom + STEP_MS;
  }
  return recoveredAt >= fromMs + windows * STEP_MS ? Number.POSITIVE_INFINITY : recoveredAt - fromMs;
}
