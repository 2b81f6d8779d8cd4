/**
 * The most that any fault may do. A plan is set over an API without access control, and forgotten: what it asks for must
 * not take the machine down with the service, nor last until somebody wonders a week later.
 */

/** The longest that one request is delayed. Milliseconds. */
export const MAX_DELAY_MS = 60_000;

/** The longest that one request is held without an answer, or with a dripping one. Then its connection is reset. Milliseconds. */
export const MAX_HOLD_MS = 60_000;

/** The largest answer. Bytes. */
export const MAX_OVERSIZE_BYTES = 100_000_000;

/** The most memory that all leaks of a plan hold together. Bytes. Twice what the composed greeter has. */
export const MAX_LEAK_BYTES = 1_000_000_000;

/** How long a plan is in force where it does not say. Milliseconds. */
export const DEFAULT_PLAN_MS = 3_600_000;

/** How long a plan may be in force at the most. Milliseconds. */
export const MAX_PLAN_MS = 86_400_000;

/** Faults of one plan. */
export const MAX_FAULTS = 100;

/** Buckets of one histogram. */
export const MAX_BUCKETS = 200;

/** A plan as it is sent. Bytes. */
export const MAX_PLAN_BYTES = 65_536;
