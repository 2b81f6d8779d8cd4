import { constants, openSync, writeSync } from 'node:fs';

/** The most that waits for a slow reader: some three thousand lines. Bytes. */
const MAX_HELD_BYTES = 1_048_576;

/** One write takes at most as much as a pipe of Linux holds. Bytes. */
const MAX_WRITE_BYTES = 65_536;

/** Between two attempts to write to a reader that is not ready. Short enough for 12 MB per second, doubled while it stays stuck. */
const RETRY_MS = 5;
const MAX_RETRY_MS = 100;

/** How long a process that ends waits for its reader. */
const DRAIN_MS = 500;

/** Writes bytes now. @returns how many were taken. @throws if none were, because the reader is stalled or gone */
export type WriteNow = (bytes: Buffer) => number;

/** Where log lines go. It never blocks the process, however slow its reader is, and holds back a bounded number of bytes. */
export interface LogOutput {
  /** Writes a line, or holds it back until the reader is ready. If too much is held back already, the line is dropped. */
  write(line: string): void;
  /** Lines that were dropped so far. */
  readonly dropped: number;
  /** Resolves when nothing is held back, at the latest after half a second. Before an orderly exit. */
  drain(): Promise<void>;
  /** The same, but blocks the process for that time. Before a crash. */
  flushSync(): void;
}

/**
 * A log that a reader cannot use to hold up the process. A pipe holds 64 KiB: behind it, a blocking write stops a whole
 * service whose log reader has stalled, and an unbounded buffer takes all memory. Lines keep their order. Where lines are
 * missing, a line says how many.
 * @param writeNow default: standard output, without blocking
 * @param note the line that reports `dropped` missing lines
 */
export function createLogOutput(note: (dropped: number) => string, writeNow: WriteNow = standardOutput()): LogOutput {
  const held: Buffer[] = [];
  let heldBytes = 0;
  let dropped = 0;
  let unreported = 0;
  let retryMs = RETRY_MS;
  let retry: NodeJS.Timeout | undefined;

  const hold = (bytes: Buffer) => {
    held.push(bytes);
    heldBytes += bytes.length;
  };
  const report = () => {
    if (unreported === 0) return;
    hold(Buffer.from(note(unreported)));
    unreported = 0;
  };
  /** @returns whether everything has been written */
  const flush = (): boolean => {
    if (held.length === 0) report();
    try {
      while (held.length > 0) {
        let count = 1;
        for (let bytes = held[0]?.length ?? 0; count < held.length; count++) {
          bytes += held[count]?.length ?? 0;
          if (bytes > MAX_WRITE_BYTES) break;
        }
        const bytes = count === 1 ? (held[0] as Buffer) : Buffer.concat(held.slice(0, count));
        const written = writeNow(bytes);
        heldBytes -= written;
        // The rest of a line that was begun must stay in front, or two lines would run into each other.
        held.splice(0, count, ...(written < bytes.length ? [bytes.subarray(written)] : []));
        retryMs = RETRY_MS;
        if (held.length === 0) report();
      }
      return true;
    } catch {
      // EAGAIN: the reader is slow. EPIPE: it is gone, but a FIFO may get another one. Neither is worth a crash.
      return false;
    }
  };
  const flushOrRetry = () => {
    retry = undefined;
    if (flush()) return;
    retry = setTimeout(flushOrRetry, retryMs).unref();
    retryMs = Math.min(MAX_RETRY_MS, retryMs * 2);
  };

  return {
    write(line) {
      const bytes = Buffer.from(line);
      // Once lines are missing, there must be room for more than one before the next is taken: gaps should be few.
      const room = unreported === 0 ? MAX_HELD_BYTES : MAX_HELD_BYTES / 2;
      if (heldBytes + bytes.length > room) {
        dropped += 1;
        unreported += 1;
        return;
      }
      report();
      hold(bytes);
      if (retry === undefined) flushOrRetry();
    },
    get dropped() {
      return dropped;
    },
    async drain() {
      for (const endsAt = performance.now() + DRAIN_MS; !flush() && performance.now() < endsAt; ) {
        // oxlint-disable-next-line no-await-in-loop -- waits for the reader, not for a task
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    },
    flushSync() {
      const sleep = new Int32Array(new SharedArrayBuffer(4));
      for (const endsAt = performance.now() + DRAIN_MS; !flush() && performance.now() < endsAt; ) {
        Atomics.wait(sleep, 0, 0, RETRY_MS);
      }
    },
  };
}

/** Writes to standard output without ever waiting for its reader. */
function standardOutput(): WriteNow {
  const fd = nonBlockingStdout();
  return (bytes) => writeSync(fd, bytes);
}

function nonBlockingStdout(): number {
  // Node makes a pipe or socket non-blocking when its stream is first used. Files never make a writer wait.
  if (!process.stdout.isTTY) return 1;
  try {
    // A terminal would stay blocking. Opened anew it is another file description, so other processes do not notice.
    return openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK);
  } catch {
    return 1;
  }
}
