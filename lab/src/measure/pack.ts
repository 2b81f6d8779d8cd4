import type { PackedRequests } from '../result.ts';
import type { RawRun } from './raw-run.ts';

/** Where nobody could count the attempts of a request. */
export const UNKNOWN_ATTEMPTS = 65_535;

export function packRequests(run: RawRun): PackedRequests {
  const count = run.dueMs.length;
  return {
    count,
    dueMs: base64(run.dueMs),
    outcome: base64(run.outcome),
    tookMs: base64(Float32Array.from(run.tookMs)),
    attempts: base64(run.attempts ?? new Uint16Array(count).fill(UNKNOWN_ATTEMPTS)),
  };
}

/** Node runs on little-endian machines only. */
function base64({ buffer, byteOffset, byteLength }: NodeJS.TypedArray): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}
