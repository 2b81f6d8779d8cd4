/** How long everything is looked at. */
export interface Pace {
  /** Starts of each process. */
  readonly starts: number;
  /** Load on each process before anything is measured: code is compiled. */
  readonly warmUpMs: number;
  /** Closed loop: load before each window, and the window. */
  readonly settleMs: number;
  readonly windowMs: number;
  /** Windows of each contender. */
  readonly rounds: number;
  /** Windows of each of those that refuse, and that do not. */
  readonly refusalRounds: number;
  /** Windows of each level of growth. */
  readonly growthRounds: number;
  /** Open loop: seconds of each run, and runs of each of those that a target is about. */
  readonly openLoopS: number;
  readonly openLoopRounds: number;
  /** Runs of each of the others. */
  readonly openLoopOtherRounds: number;
  /** For measuring again what was disturbed. */
  readonly patienceMs: number;
}

/** A median of fewer than six has no interval. */
const LEAST_ROUNDS = 6;

export const FULL: Pace = {
  starts: 3,
  warmUpMs: 8_000,
  settleMs: 250,
  windowMs: 1_000,
  rounds: 10,
  refusalRounds: 10,
  growthRounds: 5,
  openLoopS: 3,
  openLoopRounds: LEAST_ROUNDS,
  openLoopOtherRounds: 2,
  patienceMs: 30_000,
};

/** To see whether something has become worse. Not for publication. */
export const QUICK: Pace = {
  starts: 1,
  warmUpMs: 1_500,
  settleMs: 100,
  windowMs: 300,
  rounds: LEAST_ROUNDS,
  refusalRounds: LEAST_ROUNDS,
  growthRounds: 1,
  openLoopS: 2,
  openLoopRounds: 1,
  openLoopOtherRounds: 1,
  patienceMs: 10_000,
};
