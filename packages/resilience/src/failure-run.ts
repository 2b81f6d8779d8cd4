/** Failures in a row that open a breaker where nothing was wrong before. */
const LEAST = 12;
/** However bad it was before, this many in a row are an outage. */
const MOST = 200;
/** How likely a run may be by chance, with the share of failures that was usual before it. */
const CHANCE = 1e-6;
/** What is left of the old share of failures after one outcome. Forty-eight outcomes make up most of it. */
const MEMORY = 1 - 1 / 48;

export interface FailureRun {
  failed(): void;
  succeeded(): void;
  /**
   * Whether the failures since the last success are too many to be chance.
   * @param running attempts that are still running. Failures are quick, so the successes among these are heard after them
   */
  isNoChance(running: number): boolean;
}

/**
 * Tells an outage from bad luck. Where a share f of the calls fails anyway, n failures in a row have the probability fⁿ. So a run is
 * judged by the share of failures before it: 12 in a row where nothing failed, 20 where half failed, 48 where three quarters did.
 */
export function createFailureRun(): FailureRun {
  let length = 0;
  /** Share of failures before the run that goes on now. */
  let usual = 0;
  return {
    failed() {
      length++;
    },
    succeeded() {
      usual = (1 - (1 - usual) * MEMORY ** length) * MEMORY;
      length = 0;
    },
    isNoChance(running) {
      if (length < LEAST + running) return false;
      const needed = usual <= 0 ? LEAST : Math.log(CHANCE) / Math.log(usual);
      return length >= Math.min(MOST, Math.max(LEAST, needed)) + running;
    },
  };
}
