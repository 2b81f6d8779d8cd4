import type { Clock } from '@halfopen/resilience';

/** What the kept connections to one endpoint have been worth lately. */
export interface KeptConnections {
  /** Whether a request may be sent on one. Where not, on a connection of its own. */
  readonly trusted: boolean;
  /**
   * Whether an answer that names `id` can only be the answer to `question`; if so, the question counts as asked. Where
   * not, the same id has lately gone with another question, and the request belongs on a connection of its own.
   */
  tells(id: string, question: string): boolean;
  /** One carried a request to its own answer. */
  answered(): void;
  /** A connection of its own carried a request to its answer, which named that request or did not. */
  answeredOnce(isNamed: boolean): void;
  /** One broke under a request, before any answer. */
  broke(): void;
  /** One carried an answer that was, or may have been, that of another request. */
  shifted(): void;
}

/** Broken ones that are chance. */
const TOLERATED = 3;
/** So many answers make up for one that broke: less than one in twenty is not worth a connection for each request. */
const ANSWERS_FOR_ONE = 20;
const DISTRUSTED_MS = 5_000;
/** Ids that are remembered, at the least; twice as many at the most. Minutes of a busy edge, a megabyte of memory. */
const REMEMBERED_IDS = 5_000;

/**
 * Two things make a kept connection worse than one of the request's own.
 *
 * It may break under the request because it was closing already (node #20256): nobody's failure, and repeated at once.
 * Of an endpoint that resets its requests, all failures look like that, and no breaker, budget or balancer would ever
 * hear of one. So where many break, none is used for a while: on a connection of its own a request meets no such race,
 * and what fails there has failed.
 *
 * And it may carry the answer to another request: one answer too many shifts all later ones on it, and HTTP/1.1 says
 * nothing by which that could be seen. So connections are kept only to an endpoint that names the request it answers
 * (by `x-request-id`, seen on connections where no answer can be another's), and only while all answers on them do. The
 * id may be the caller's, and a caller may give one id to many requests: of those, it tells only the first question.
 */
export function keptConnections(clock: Clock): KeptConnections {
  let named = false;
  /** In twentieths: whole numbers, so that twenty answers make up for exactly one. */
  let suspicion = 0;
  let trustedFrom = Number.NEGATIVE_INFINITY;
  /** What went with an id, in two generations: forgetting the older one costs nothing. */
  let asked = new Map<string, string>();
  let askedBefore = asked;
  const distrust = () => {
    suspicion = 0;
    trustedFrom = clock.now() + DISTRUSTED_MS;
  };
  return {
    get trusted() {
      return named && clock.now() >= trustedFrom;
    },
    tells(id, question) {
      const known = asked.get(id) ?? askedBefore.get(id);
      if (known !== undefined && known !== question) return false;
      if (asked.size >= REMEMBERED_IDS) {
        askedBefore = asked;
        asked = new Map();
      }
      asked.set(id, question);
      return true;
    },
    answered() {
      suspicion = Math.max(0, suspicion - 1);
    },
    answeredOnce(isNamed) {
      named = isNamed;
    },
    broke() {
      suspicion += ANSWERS_FOR_ONE;
      if (suspicion > TOLERATED * ANSWERS_FOR_ONE) distrust();
    },
    shifted: distrust,
  };
}
