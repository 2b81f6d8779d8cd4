import type { Logger } from './log.ts';

export interface Repeats {
  /**
   * Whether a line of this kind may be written now. Lines that may not are counted, and one line per second reports the
   * count.
   * @param kind what the lines have in common. Each kind has a counter, so there must be few
   */
  mayWrite(kind: string): boolean;
  /** Reports the counts now. */
  flush(): void;
}

/** Enough to see what happens, and few enough for any disk: an outage at 1,000 requests per second writes 11 lines per second. */
const LINES_PER_WINDOW = 10;
const WINDOW_MS = 1_000;

interface Window {
  readonly endsAt: number;
  written: number;
  repeated: number;
}

/**
 * Limits how many similar lines an outage writes. A thousand equal lines per second say no more than ten lines and a
 * count, but they fill disks, cost money and hide the one line that differs.
 */
export function createRepeats(log: Logger): Repeats {
  const windows = new Map<string, Window>();
  let timer: NodeJS.Timeout | undefined;

  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    for (const [kind, { repeated }] of windows) {
      if (repeated > 0) log.warn({ outcome: kind, repeated, inMs: WINDOW_MS }, 'more of these, written only at debug');
    }
    windows.clear();
  };

  return {
    mayWrite(kind) {
      const now = performance.now();
      let window = windows.get(kind);
      // The timer reports the count, and it may be late. Until then the window stays.
      if (window === undefined || (now >= window.endsAt && window.repeated === 0)) {
        window = { endsAt: now + WINDOW_MS, written: 0, repeated: 0 };
        windows.set(kind, window);
      }
      if (window.written < LINES_PER_WINDOW) {
        window.written++;
        return true;
      }
      window.repeated++;
      timer ??= setTimeout(flush, Math.max(0, window.endsAt - now)).unref();
      return false;
    },
    flush,
  };
}
