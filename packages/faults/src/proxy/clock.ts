/** The time that toxics see. Tests replace it with a virtual one. */
export interface Clock {
  /** Milliseconds since a fixed moment in the past. Monotonic. */
  nowMs(): number;
  /** Calls `callback` once, after `ms` milliseconds. @returns cancels it */
  after(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
