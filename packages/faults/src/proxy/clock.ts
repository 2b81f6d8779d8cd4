/** Time, handed in: tests of what toxics do to data run on a virtual one. */
export interface Clock {
  /** Milliseconds since some moment in the past; never goes back. */
  nowMs(): number;
  /** Calls back after so many milliseconds. @returns what takes it back */
  after(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
