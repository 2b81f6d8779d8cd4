import type { ExperimentResult, PackedRequests, RunResult } from '../result.ts';
import { UNKNOWN_ATTEMPTS } from './pack.ts';
import type { RawRun, Seen } from './raw-run.ts';

/** What is known of each request; attempts are `undefined` where nobody could count them one by one. */
export type UnpackedRequests = Pick<RawRun, 'dueMs' | 'outcome' | 'tookMs' | 'attempts'>;

/**
 * The other way of `packRequests`.
 * @throws RangeError where an array does not hold `count` entries: the file was cut short or altered
 */
export function unpackRequests({ count, dueMs, outcome, tookMs, attempts }: PackedRequests): UnpackedRequests {
  const entries = (name: keyof PackedRequests, text: string, bytesEach: number): ArrayBuffer => {
    const bytes = Buffer.from(text, 'base64');
    if (bytes.length !== count * bytesEach) {
      throw new RangeError(
        `requests.${name} holds ${bytes.length} bytes, not the ${count * bytesEach} of ${count} requests`,
      );
    }
    // A copy: a typed array cannot begin at any odd byte of Node's buffer pool.
    return Uint8Array.from(bytes).buffer;
  };
  const counted = new Uint16Array(entries('attempts', attempts, 2));
  return {
    dueMs: new Float64Array(entries('dueMs', dueMs, 8)),
    outcome: new Uint8Array(entries('outcome', outcome, 1)),
    tookMs: Float64Array.from(new Float32Array(entries('tookMs', tookMs, 4))),
    attempts: counted.includes(UNKNOWN_ATTEMPTS) ? undefined : counted,
  };
}

/**
 * A run as it was before it was packed, as far as a result holds it: attempts that nobody could count one by one come from the
 * timeline, second by second.
 */
export function rawRunOf(run: RunResult, phases: ExperimentResult['phases']): RawRun {
  const requests = unpackRequests(run.requests);
  return {
    seed: run.seed,
    ...requests,
    latenessMs: new Float64Array(),
    attemptsSeen: runningTotals(run.timeline.attempts),
    edge: [],
    greeterUrls: [],
    faultEndMs: 1_000 * (phases.find(({ name }) => name === 'after')?.fromS ?? 0),
  };
}

/** @returns nothing where a second is missing: what came after it cannot be told apart from what was in it */
function runningTotals(perSecond: readonly (number | null)[]): Seen[] {
  const seen: Seen[] = [{ atMs: 0, total: 0 }];
  for (const [second, count] of perSecond.entries()) {
    if (count === null) return [];
    seen.push({ atMs: (second + 1) * 1_000, total: (seen.at(-1)?.total ?? 0) + count });
  }
  return seen;
}
