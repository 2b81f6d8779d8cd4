import type { PackedRequests } from './result.ts';

/** Stands for an unknown number of attempts. */
const UNKNOWN_ATTEMPTS = 65_535;

/** The measured requests of a run, one entry per arrival. */
export interface Requests {
  /** Scheduled time, in milliseconds from the start of `before`; ascending. */
  readonly dueMs: Float64Array;
  /** Index into `OUTCOMES`. */
  readonly outcome: Uint8Array;
  /** Milliseconds from the scheduled time to the last byte. */
  readonly tookMs: Float64Array;
  /** Attempts of each request that the greeters counted; `undefined` if they could not be counted one by one. */
  readonly attempts: Uint16Array | undefined;
}

/** Packs the requests of a run for `result.json`. */
export function packRequests({ dueMs, outcome, tookMs, attempts }: Requests): PackedRequests {
  const count = dueMs.length;
  return {
    count,
    dueMs: base64(dueMs),
    outcome: base64(outcome),
    tookMs: base64(Float32Array.from(tookMs)),
    attempts: base64(attempts ?? new Uint16Array(count).fill(UNKNOWN_ATTEMPTS)),
  };
}

/**
 * Reverses {@link packRequests}.
 * @throws RangeError if an array does not hold `count` entries: the file was cut short or altered
 */
export function unpackRequests({ count, dueMs, outcome, tookMs, attempts }: PackedRequests): Requests {
  const entries = (name: keyof PackedRequests, text: string, bytesEach: number): ArrayBuffer => {
    const bytes = Buffer.from(text, 'base64');
    if (bytes.length !== count * bytesEach) {
      throw new RangeError(
        `requests.${name} holds ${bytes.length} bytes, not the ${count * bytesEach} of ${count} requests`,
      );
    }
    // A copy, because a typed array must start at an aligned byte and Node's buffer pool does not align.
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

/** Node only runs on little-endian machines, so the bytes can be taken as they are. */
function base64({ buffer, byteOffset, byteLength }: NodeJS.TypedArray): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}
