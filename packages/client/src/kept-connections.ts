import type { Clock } from '@halfopen/resilience';

/** What the kept connections to one endpoint have been worth lately. */
export interface KeptConnections {
  /** Whether a request may be sent on one. Where not, on a connection of its own. */
  readonly trusted: boolean;
  /** One carried a request to its answer. */
  answered(): void;
  /** One broke under a request, before any answer. */
  broke(): void;
}

/** Broken ones that are chance. */
const TOLERATED = 3;
/** So many answers make up for one that broke: less than one in twenty is not worth a connection for each request. */
const ANSWERS_FOR_ONE = 20;
const DISTRUSTED_MS = 5_000;

/**
 * A kept connection that breaks under a request was most likely closing already (node #20256): nobody's failure, and
 * repeated at once. Of an endpoint that resets its requests, all failures look like that, and no breaker, budget or
 * balancer would ever hear of one. So where many break, none is used for a while: on a connection of its own a request
 * meets no such race, and what fails there has failed.
 */
export function keptConnections(clock: Clock): KeptConnections {
  /** In twentieths: whole numbers, so that twenty answers make up for exactly one. */
  let suspicion = 0;
  let trustedFrom = Number.NEGATIVE_INFINITY;
  return {
    get trusted() {
      return clock.now() >= trustedFrom;
    },
    answered() {
      suspicion = Math.max(0, suspicion - 1);
    },
    broke() {
      suspicion += ANSWERS_FOR_ONE;
      if (suspicion <= TOLERATED * ANSWERS_FOR_ONE) return;
      suspicion = 0;
      trustedFrom = clock.now() + DISTRUSTED_MS;
    },
  };
}
