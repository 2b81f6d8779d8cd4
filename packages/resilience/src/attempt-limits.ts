import { DEFAULTS } from './defaults.ts';

export interface AttemptLimits {
  /** The longest that one attempt can last. */
  readonly attemptMs: number;
  /** A success that took at least this long counts as a failure. */
  readonly slowCallMs: number;
  /** How long a half-open probe keeps other calls out before its lease expires. */
  readonly probeLeaseMs: number;
  /** An attempt that the call's deadline cut short after this long had a fair chance to be answered. */
  readonly fairChanceMs: number;
  /** How long a connection may take to be made. */
  readonly connectTimeoutMs: number;
}

/** A probe is given up this long after the attempt timeout should have ended it. */
const PROBE_GRACE_MS = 250;

const FAIR_CHANCE_SHARE = 0.5;

/**
 * The share of an attempt that connecting may take. If connecting could take all of it, a connection that is never made would
 * look like an answer that never came: "perhaps sent" although nothing was sent.
 */
const CONNECT_SHARE = 0.5;

/**
 * Every limit that follows from how long an attempt may take.
 * @param slowShare share of the attempt timeout from which a success counts as a failure
 */
export function attemptLimits(attemptMs: number, slowShare: number = DEFAULTS.breakerSlowShare): AttemptLimits {
  return {
    attemptMs,
    slowCallMs: attemptMs * slowShare,
    probeLeaseMs: attemptMs + PROBE_GRACE_MS,
    fairChanceMs: attemptMs * FAIR_CHANCE_SHARE,
    connectTimeoutMs: attemptMs * CONNECT_SHARE,
  };
}
