import { z } from 'zod';
import { quote } from '../kinds.ts';
import { type Behaviour, IDLE, PASS } from './behaviour.ts';

/** A type of toxic: its attributes and what it does. */
export interface ToxicType<A> {
  /** Missing attributes have Toxiproxy's default, 0. Unknown ones are dropped, as by Toxiproxy. */
  readonly attributes: z.ZodObject<{ readonly [Name in keyof A]: z.ZodDefault<z.ZodType<A[Name]>> }>;
  /** The most that it holds back before its source must wait. Bytes. */
  readonly bufferBytes: number;
  /**
   * @param read the present attributes. They can change while connections live
   * @param random draws the next number in [0, 1) for this toxic on this connection
   * @param nowMs when the toxic was added to the connection, in milliseconds of the clock
   */
  readonly behave: (read: () => A, random: () => number, nowMs: number) => Behaviour;
  /** Removing it closes the connection, because the data that it discarded is missing. As in Toxiproxy. */
  readonly closesOnRemoval?: true;
}

/** The longest delay of a Node timer (24.8 days). A longer one would fire at once. */
const MAX_MS = 2 ** 31 - 1;
const MAX_BYTES = Number.MAX_SAFE_INTEGER;

/** The size of one read from a socket. */
const BUFFER_BYTES = 64 * 1_024;
/** Data on a slow line is in transit and does not queue: half a gigabit per second for a quarter of a second. */
const IN_FLIGHT_BYTES = 16 * 1_024 * 1_024;

/** Data passes in pieces of at most a tenth of a second, so that a slow line flows evenly instead of in bursts. */
const BANDWIDTH_PIECE_MS = 100;

const whole = (unit: string, max: number, doc: string) =>
  z
    .custom<number>((value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= max, {
      error: ({ input }) => `${quote(input)} is not a whole number of ${unit} from 0 to ${max}`,
    })
    // For generated JSON schemas, which do not show custom checks.
    .meta({ type: 'integer', minimum: 0, maximum: max })
    .default(0)
    .describe(`${doc} (${unit})`);

const define = <A>(type: ToxicType<A>) => type;

/** Delays all data by latency ± jitter. Order and throughput stay the same, because chunks are delayed in parallel. */
const latency = define({
  attributes: z.object({
    latency: whole('milliseconds', MAX_MS, 'How much later data arrives'),
    jitter: whole('milliseconds', MAX_MS, 'The largest random deviation from it'),
  }),
  bufferBytes: IN_FLIGHT_BYTES,
  behave: (read, random) => {
    let draw: number | undefined;
    return {
      step(head, nowMs) {
        if (head?.kind !== 'data') return head === undefined ? IDLE : PASS;
        draw ??= random();
        const dueMs = head.arrivedAtMs + read().latency + read().jitter * (2 * draw - 1);
        return nowMs < dueMs ? { do: 'wait', untilMs: dueMs } : PASS;
      },
      passed() {
        draw = undefined;
      },
    };
  },
});

/** Limits the connection to `rate` kilobytes (1,000 bytes) per second. A rate of 0 lets nothing through. */
const bandwidth = define({
  attributes: z.object({ rate: whole('kilobytes per second', MAX_BYTES, '0 lets nothing through') }),
  bufferBytes: BUFFER_BYTES,
  behave: (read) => {
    // When the line becomes free. Independent of when timers fire, so that late timers do not add up.
    let freeAtMs = 0;
    let rateThen: number | undefined;
    let piece: { readonly bytes: number; readonly doneAtMs: number } | undefined;
    return {
      step(head, nowMs) {
        if (head?.kind !== 'data') return head === undefined ? IDLE : PASS;
        const { rate } = read();
        if (rate !== rateThen) {
          // The new rate replaces whatever was planned under the old one.
          rateThen = rate;
          freeAtMs = nowMs;
          piece = undefined;
        }
        if (rate === 0) return IDLE;
        if (piece === undefined) {
          const bytes = Math.min(head.bytes.length, rate * BANDWIDTH_PIECE_MS);
          piece = { bytes, doneAtMs: Math.max(freeAtMs, head.arrivedAtMs) + bytes / rate };
        }
        return nowMs < piece.doneAtMs ? { do: 'wait', untilMs: piece.doneAtMs } : { do: 'pass', bytes: piece.bytes };
      },
      passed() {
        freeAtMs = piece?.doneAtMs ?? freeAtMs;
        piece = undefined;
      },
    };
  },
});

/** Delays the end of the stream by `delay` milliseconds. Data passes. */
const slowClose = define({
  attributes: z.object({ delay: whole('milliseconds', MAX_MS, 'How much later the end of the stream arrives') }),
  bufferBytes: BUFFER_BYTES,
  behave: (read) => ({
    step(head, nowMs) {
      if (head === undefined) return IDLE;
      const dueMs = head.kind === 'data' ? nowMs : head.arrivedAtMs + read().delay;
      return nowMs < dueMs ? { do: 'wait', untilMs: dueMs } : PASS;
    },
  }),
});

/**
 * Discards all data and closes the connection after `timeout` milliseconds. With 0, it stays open until the toxic is removed.
 */
const timeout = define({
  attributes: z.object({
    timeout: whole('milliseconds', MAX_MS, 'Closes this long after the toxic took effect; 0: stays open and silent'),
  }),
  bufferBytes: BUFFER_BYTES,
  closesOnRemoval: true,
  behave: (read, _random, startedAtMs) => ({
    step(head, nowMs) {
      const afterMs = read().timeout;
      const closeAtMs = startedAtMs + afterMs;
      if (afterMs > 0 && nowMs >= closeAtMs) return { do: 'close' };
      if (head !== undefined) return head.kind === 'data' ? { do: 'drop' } : PASS;
      return afterMs > 0 ? { do: 'wait', untilMs: closeAtMs } : IDLE;
    },
  }),
});

/** Resets the connection (RST) `timeout` milliseconds after the first chunk arrives. Everything is discarded. */
const resetPeer = define({
  attributes: z.object({ timeout: whole('milliseconds', MAX_MS, 'Resets this long after the first data') }),
  bufferBytes: BUFFER_BYTES,
  behave: (read) => {
    let touchedAtMs: number | undefined;
    return {
      step(head, nowMs) {
        if (head !== undefined) touchedAtMs ??= nowMs;
        if (touchedAtMs === undefined) return IDLE;
        const resetAtMs = touchedAtMs + read().timeout;
        if (nowMs >= resetAtMs) return { do: 'reset' };
        return head === undefined ? { do: 'wait', untilMs: resetAtMs } : { do: 'drop' };
      },
    };
  },
});

/**
 * Cuts data into slices of `average_size` ± `size_variation` bytes, with `delay` microseconds between them. An
 * `average_size` of 0 does not cut.
 */
const slicer = define({
  attributes: z.object({
    average_size: whole('bytes', MAX_BYTES, 'The average size of a slice; 0 does not cut'),
    size_variation: whole('bytes', MAX_BYTES, 'The largest random deviation from it'),
    delay: whole('microseconds', MAX_MS * 1_000, 'The pause between two slices'),
  }),
  bufferBytes: BUFFER_BYTES,
  behave: (read, random) => {
    let draw: number | undefined;
    // A schedule rather than a pause after each slice: timers have a resolution of a millisecond, and delays are often shorter.
    let nextAtMs = 0;
    let afterThisMs = 0;
    return {
      step(head, nowMs) {
        if (head?.kind !== 'data') return head === undefined ? IDLE : PASS;
        if (nowMs < nextAtMs) return { do: 'wait', untilMs: nextAtMs };
        const { average_size: average, size_variation: variation, delay } = read();
        draw ??= random();
        const size = average === 0 ? head.bytes.length : Math.max(1, Math.round(average + variation * (2 * draw - 1)));
        afterThisMs = Math.max(nextAtMs, head.arrivedAtMs) + delay / 1_000;
        return { do: 'pass', bytes: Math.min(size, head.bytes.length) };
      },
      passed() {
        nextAtMs = afterThisMs;
        draw = undefined;
      },
    };
  },
});

/** Closes the connection after `bytes` bytes. */
const limitData = define({
  attributes: z.object({ bytes: whole('bytes', MAX_BYTES, 'The connection is closed after this many') }),
  bufferBytes: BUFFER_BYTES,
  behave: (read) => {
    let passedBytes = 0;
    return {
      step(head) {
        const leftBytes = read().bytes - passedBytes;
        // A limit of 0 closes when the first data arrives, not before.
        if (leftBytes <= 0 && (head?.kind === 'data' || passedBytes > 0)) return { do: 'close' };
        if (head?.kind !== 'data') return head === undefined ? IDLE : PASS;
        return { do: 'pass', bytes: Math.min(leftBytes, head.bytes.length) };
      },
      passed(bytes) {
        passedBytes += bytes;
      },
    };
  },
});

/** Every type of toxic, by its name in Toxiproxy. */
export const TOXIC_TYPES = {
  latency,
  bandwidth,
  slow_close: slowClose,
  timeout,
  reset_peer: resetPeer,
  slicer,
  limit_data: limitData,
} as const;

export type ToxicTypeName = keyof typeof TOXIC_TYPES;
