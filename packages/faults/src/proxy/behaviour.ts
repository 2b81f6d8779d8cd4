/** A piece of one direction of a connection. `end` is a half-close; `close` ends both directions. */
export type Chunk =
  | { readonly kind: 'data'; readonly bytes: Buffer; readonly arrivedAtMs: number }
  | { readonly kind: 'end' | 'close'; readonly arrivedAtMs: number };

/** What a toxic does with its oldest chunk. */
export type Step =
  /** Nothing until a chunk arrives or the toxic changes. */
  | { readonly do: 'idle' }
  /** Nothing before that time. */
  | { readonly do: 'wait'; readonly untilMs: number }
  /** Passes it on; of data, only the first `bytes`, if given. */
  | { readonly do: 'pass'; readonly bytes?: number }
  /** Discards it. */
  | { readonly do: 'drop' }
  /** Closes the connection after everything that has passed is delivered. */
  | { readonly do: 'close' }
  /** Resets the connection now (RST). */
  | { readonly do: 'reset' };

/** A toxic at work on one direction of one connection. It only decides and never waits, so it runs on any clock. */
export interface Behaviour {
  /**
   * Decides what to do next. It is called whenever something may have changed, often repeatedly for the same chunk, so the
   * result must not depend on the number of calls.
   * @param head the oldest chunk; `undefined` if there is none
   * @param nowMs milliseconds of the clock of the link
   */
  step(head: Chunk | undefined, nowMs: number): Step;
  /** Called when `bytes` of what `step` passed on have left: the next stage had room. */
  passed?(bytes: number): void;
}

export const IDLE: Step = { do: 'idle' };
export const PASS: Step = { do: 'pass' };
