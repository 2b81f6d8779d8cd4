/** Runs that are going on, and the limit that they found. */
let running = 0;
let usualLimit = 0;

/** One frame, so that a bug in a policy still says where it is. */
const LIMIT = 1;

/**
 * Shortens the stacks of errors until the returned function is called. A simulation makes millions of errors whose stacks nobody reads,
 * and collecting them takes longer than everything else that a failed call does.
 */
export function shortenStacks(): () => void {
  if (running++ === 0) {
    usualLimit = Error.stackTraceLimit;
    Error.stackTraceLimit = Math.min(LIMIT, usualLimit);
  }
  return () => {
    if (--running === 0) Error.stackTraceLimit = usualLimit;
  };
}
