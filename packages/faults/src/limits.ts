/**
 * The limits of what a fault may do. A plan is set over an API without access control, and then forgotten. It must not take
 * the machine down with the service, nor still be in force a week later.
 */

/** The longest that one request is delayed. Milliseconds. */
export const MAX_DELAY_MS = 60_000;

/** The longest that one request waits for an answer, or receives a dripping one. Then its connection is reset. Milliseconds. */
export const MAX_HOLD_MS = 60_000;

/** The largest answer. Bytes. */
export const MAX_OVERSIZE_BYTES = 100_000_000;

/** The most memory that all leaks of a plan hold together. Bytes. Twice the limit of the composed greeter. */
export const MAX_LEAK_BYTES = 1_000_000_000;

/** How long a plan is in force by default. Milliseconds. */
export const DEFAULT_PLAN_MS = 3_600_000;

/** The longest that a plan can be in force. Milliseconds. */
export const MAX_PLAN_MS = 86_400_000;

/** The most faults of one plan. */
export const MAX_FAULTS = 100;

/** The most buckets of one histogram. */
export const MAX_BUCKETS = 200;

/** The largest plan as it is sent. Bytes. */
export const MAX_PLAN_BYTES = 65_536;
