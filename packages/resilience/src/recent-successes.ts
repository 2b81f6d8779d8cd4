/** The share of successes among the latest outcomes. */
export interface RecentSuccesses {
  add(isSuccess: boolean): void;
  /** Outcomes that are remembered. */
  readonly known: number;
  /** From 0 to 1. 1 while nothing is known. */
  readonly share: number;
  clear(): void;
}

/** @param size outcomes to remember */
export function createRecentSuccesses(size: number): RecentSuccesses {
  const outcomes = new Uint8Array(size);
  let seen = 0;
  let successes = 0;
  return {
    add(isSuccess) {
      const at = seen++ % size;
      if (seen > size) successes -= outcomes[at] as number;
      outcomes[at] = isSuccess ? 1 : 0;
      if (isSuccess) successes++;
    },
    get known() {
      return Math.min(seen, size);
    },
    get share() {
      return seen === 0 ? 1 : successes / Math.min(seen, size);
    },
    clear() {
      seen = 0;
      successes = 0;
    },
  };
}

/** A share of successes, and of how many outcomes. */
export interface Proportion {
  readonly share: number;
  readonly known: number;
}

/**
 * Whether `one` is worse than `other` by more than so many standard deviations (two proportions, pooled variance). Four happen by chance
 * once in 30,000 comparisons.
 */
export function isWorse(one: Proportion, other: Proportion, deviations: number): boolean {
  const pooled = (one.share * one.known + other.share * other.known) / (one.known + other.known);
  // With no failure in either, the estimated variance is 0 and the next failure would be proof.
  const variance = Math.max(LEAST_VARIANCE, pooled * (1 - pooled));
  return other.share - one.share > deviations * Math.sqrt(variance * (1 / one.known + 1 / other.known));
}

const LEAST_VARIANCE = 0.01;
