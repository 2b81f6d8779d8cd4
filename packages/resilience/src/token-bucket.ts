/** A token bucket. Counts in millionths: a tenth added ten times must be a whole token, which floating point does not guarantee. */
export interface TokenBucket {
  add(tokens: number): void;
  /** Takes one token if there is a whole one. */
  take(): boolean;
  empty(): void;
  /** A fraction included. */
  readonly remaining: number;
}

const UNIT = 1_000_000;

export function createTokenBucket(capacity: number, initial: number): TokenBucket {
  const most = capacity * UNIT;
  let held = Math.min(initial * UNIT, most);
  return {
    add(tokens) {
      held = Math.min(most, held + Math.round(tokens * UNIT));
    },
    take() {
      if (held < UNIT) return false;
      held -= UNIT;
      return true;
    },
    empty() {
      held = 0;
    },
    get remaining() {
      return held / UNIT;
    },
  };
}
