/** What travels on one direction of a connection. `end` is a half-close, `close` ends both directions. */
export type Chunk =
  | { readonly kind: 'data'; readonly bytes: Buffer; readonly arrivedAtMs: number }
  | { readonly kind: 'end' | 'close'; readonly arrivedAtMs: number };

/** What a toxic does with the oldest chunk that it holds. */
export type Step =
  /** Nothing, until something arrives or changes. */
  | { readonly do: 'idle' }
  /** Nothing before that time. */
  | { readonly do: 'wait'; readonly untilMs: number }
  /** Lets it go; of data, so many bytes of it. */
  | { readonly do: 'pass'; readonly bytes?: number }
  /** Throws it away. */
  | { readonly do: 'drop' }
  /** Ends the connection once everything that has passed is delivered. */
  | { readonly do: 'close' }
  /** Ends it now, with RST. */
  | { readonly do: 'reset' };

/** A toxic at work on one direction of one connection. It decides and never waits, so it runs on any clock. */
export interface Behaviour {
  /**
   * Asked whenever something may have changed, often for the same chunk: the answer must not depend on how often.
   * @param head the oldest chunk; `undefined` while there is none
   */
  step(head: Chunk | undefined, nowMs: number): Step;
  /** So many bytes of what `step` let go have really gone: there was room. */
  passed?(bytes: number): void;
}

export const IDLE: Step = { do: 'idle' };
export const PASS: Step = { do: 'pass' };
