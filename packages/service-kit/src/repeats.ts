import type { Logger } from './log.ts';

export interface Repeats {
  /**
   * Whether a line of this kind is to be written now. One that is not is counted, and a line a second says how many
   * there were.
   * @param kind what the lines have in common: from a small set, because each has a counter
   */
  mayWrite(kind: string): boolean;
  /** Says now what has been counted. */
  flush(): void;
}

/** Enough to see what is going on, few enough for any disk: an outage at 1,000 requests a second is 11 lines a second. */
const LINES_PER_WINDOW = 10;
const WINDOW_MS = 1_000;

interface Window {
  readonly endsAt: number;
  written: number;
  repeated: number;
}

/**
 * Bounds what an outage writes. A thousand equal lines a second say no more than ten and a number, but fill disks, cost
 * money and hide the one line that is different.
 */
export function createRepeats(log: Logger): Repeats {
  const windows = new Map<string, Window>();
  let timer: NodeJS.Timeout | undefined;

  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    for (const [kind, { repeated }] of windows) {
      if (repeated > 0) log.warn({ outcome: kind, repeated, inMs: WINDOW_MS }, 'more of these, written at debug only');
    }
    windows.clear();
  };

  return {
    mayWrite(kind) {
      const now = performance.now();
      let window = windows.get(kind);
      // What was counted is said by the timer, which may be late; until then the window stays.
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
