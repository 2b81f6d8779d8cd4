import { z } from 'zod';
import { quote } from '../kinds.ts';
import { type Behaviour, IDLE, PASS } from './behaviour.ts';

/** A toxic of one type, for the links: what it takes, what it does. */
export interface ToxicType<A> {
  /** Attributes that are not given have Toxiproxy's default, 0. Unknown ones are dropped, as Toxiproxy does. */
  readonly attributes: z.ZodObject<{ readonly [Name in keyof A]: z.ZodDefault<z.ZodType<A[Name]>> }>;
  /** The most it holds back before its source must wait. */
  readonly bufferBytes: number;
  /**
   * @param read the attributes in force: they may change while connections live
   * @param random the next chance in [0, 1) of this toxic on this connection
   * @param nowMs when the toxic took hold of the connection
   */
  readonly behave: (read: () => A, random: () => number, nowMs: number) => Behaviour;
  /** What it has thrown away is missing: the connection cannot go on without it. Toxiproxy closes it, too. */
  readonly closesOnRemoval?: true;
}

/** Timers hold no more (24.8 days); a longer one would fire at once. */
const MAX_MS = 2 ** 31 - 1;
const MAX_BYTES = Number.MAX_SAFE_INTEGER;

/** As much as one read from a socket. */
const BUFFER_BYTES = 64 * 1_024;
/** Data on a slow line is under way, not queueing: half of a gigabit for a quarter of a second. */
const IN_FLIGHT_BYTES = 16 * 1_024 * 1_024;

/** Bandwidth is handed out in pieces of at most a tenth of a second, so that a slow line trickles and does not stutter. */
const BANDWIDTH_PIECE_MS = 100;

const whole = (unit: string, max: number, doc: string) =>
  z
    .custom<number>((value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= max, {
      error: ({ input }) => `${quote(input)} is not a whole number of ${unit} from 0 to ${max}`,
    })
    // For whoever makes a JSON schema of it: a check of our own says nothing there.
    .meta({ type: 'integer', minimum: 0, maximum: max })
    .default(0)
    .describe(`${doc} (${unit})`);

const define = <A>(type: ToxicType<A>) => type;

/** Delays all data by latency ± jitter. Order is kept, and so is the throughput: chunks are delayed side by side. */
const latency = define({
  attributes: z.object({
    latency: whole('milliseconds', MAX_MS, 'How much later data arrives'),
    jitter: whole('milliseconds', MAX_MS, 'Up to so much more or less'),
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

/** Limits the connection to rate kilobytes (1,000 bytes) a second. A rate of 0 lets nothing through. */
const bandwidth = define({
  attributes: z.object({ rate: whole('kilobytes per second', MAX_BYTES, '0 lets nothing through') }),
  bufferBytes: BUFFER_BYTES,
  behave: (read) => {
    // The line is busy until then. Kept apart from when a timer fires: late timers must not add up.
    let freeAtMs = 0;
    let rateThen: number | undefined;
    let piece: { readonly bytes: number; readonly doneAtMs: number } | undefined;
    return {
      step(head, nowMs) {
        if (head?.kind !== 'data') return head === undefined ? IDLE : PASS;
        const { rate } = read();
        if (rate !== rateThen) {
          // From here on the new rate counts, whatever the old one had planned or let wait.
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

/** Delays the end of the stream by delay milliseconds; data passes. */
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
 * Throws all data away and closes the connection after timeout milliseconds; with 0 it stays open until the toxic is
 * removed.
 */
const timeout = define({
  attributes: z.object({
    timeout: whole('milliseconds', MAX_MS, 'Closes so long after it took hold; 0: stays open, and silent'),
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

/** Resets the connection (RST) timeout milliseconds after the first thing that arrives, which is thrown away. */
const resetPeer = define({
  attributes: z.object({ timeout: whole('milliseconds', MAX_MS, 'Resets so long after the first data') }),
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
 * Cuts data into slices of average_size ± size_variation bytes, with delay microseconds between them. An average_size
 * of 0 does not cut.
 */
const slicer = define({
  attributes: z.object({
    average_size: whole('bytes', MAX_BYTES, 'Of a slice; 0 does not cut'),
    size_variation: whole('bytes', MAX_BYTES, 'Up to so much more or less'),
    delay: whole('microseconds', MAX_MS * 1_000, 'Between two slices'),
  }),
  bufferBytes: BUFFER_BYTES,
  behave: (read, random) => {
    let draw: number | undefined;
    // A schedule, not a pause after each slice: timers are a millisecond coarse, delays are often shorter.
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

/** Closes the connection after so many bytes. */
const limitData = define({
  attributes: z.object({ bytes: whole('bytes', MAX_BYTES, 'After so many the connection is closed') }),
  bufferBytes: BUFFER_BYTES,
  behave: (read) => {
    let passedBytes = 0;
    return {
      step(head) {
        const leftBytes = read().bytes - passedBytes;
        // A limit of 0 closes when data comes, not when nobody has said anything yet.
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

/** Every toxic there is, by the name that Toxiproxy gave it. */
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
