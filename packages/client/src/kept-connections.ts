import type { Clock } from '@halfopen/resilience';

/** What was sent: the id by which the answer can be recognized, and what it must answer. */
export interface Question {
  readonly id: string;
  /** Method and target. */
  readonly text: string;
}

/** What identifies an answer. */
export interface AnswerMark {
  /** The request id in the answer, if it has one. */
  readonly id: string | undefined;
  /** Whether a caller would be given what the answer says. Failures often come from a proxy on the way, which names nothing. */
  readonly believed: boolean;
}

/** Decides whether requests to one endpoint may use kept connections, and whether an answer on one belongs to its request. */
export interface KeptConnections {
  /** Whether this request may use a kept connection. Otherwise it needs a connection of its own. Remembers the question. */
  mayCarry(question: Question): boolean;
  /** A kept connection carried this answer. @returns whether it can be believed to answer the question */
  accepts(question: Question, answer: AnswerMark): boolean;
  /** A connection of its own carried this answer, which therefore answers the question for certain. */
  answeredOnce(question: Question, answer: AnswerMark): void;
  /** A kept connection closed under a request, before any answer. */
  broke(): void;
  /** A kept connection may have carried the answer to another request. */
  shifted(): void;
  /** An idle connection received something that nobody had asked for. */
  spokeUnasked(): void;
}

/** This many broken connections are chance. */
const TOLERATED = 3;
/** This many answers make up for one broken connection. Below one in twenty, own connections would cost more than they save. */
const ANSWERS_FOR_ONE = 20;
const DISTRUSTED_MS = 5_000;
/** Ids that are remembered: at least this many, at most twice as many. Minutes of a busy edge, a megabyte of memory. */
const REMEMBERED_IDS = 5_000;
/** An endpoint that stopped naming requests must name this many in a row before its names count again. A mixed pool never does. */
const NAMED_IN_A_ROW = 20;

/**
 * A kept connection has two risks that a connection of the request's own does not have.
 *
 * **It may be closing** just as a request is sent on it (node #20256). That is nobody's failure, and the request is repeated at once.
 * But an endpoint that resets its requests looks the same, and no breaker, budget or balancer would ever see those failures. If too
 * many connections break, none is used for five seconds: what fails on a connection of its own has failed.
 *
 * **It may carry the answer to another request.** One surplus answer shifts every later answer on the connection, and HTTP/1.1 has
 * nothing that would show it. An `x-request-id` in the answer does show it, but only some endpoints send one. So an endpoint is in
 * one of three states:
 *
 * - `unknown`: no answer yet. Kept connections are used.
 * - `names`: its answers carry the request's id. An answer on a kept connection that carries none, or another, is not believed. The
 *   caller of this module repeats the request on a connection of its own, which decides: if that answer is named, the connection was
 *   shifted, and no kept one is used for five seconds. If not, the endpoint is now `silent`.
 * - `silent`: its answers carry no id, or one of its own making. Kept connections are used, as every HTTP client does. An answer is
 *   refused only if it carries the id of a request that asked something else. After speaking unasked on an idle connection, the
 *   endpoint gets no kept connection for five seconds. Twenty named answers in a row make it `names` again.
 *
 * The first answer of a connection is always its own, so `names` is recognized before any connection is used twice. Callers may send
 * one id with many requests. Such an id recognizes only the first question, so the others get connections of their own.
 */
export function keptConnections(clock: Clock): KeptConnections {
  let naming: 'unknown' | 'names' | 'silent' = 'unknown';
  let namedInARow = 0;
  /** In twentieths: whole numbers, so that twenty answers make up for exactly one broken connection. */
  let suspicion = 0;
  let brokenUntil = Number.NEGATIVE_INFINITY;
  let shiftedUntil = Number.NEGATIVE_INFINITY;
  /** Questions by id, in two generations. Dropping the older one costs nothing. */
  let asked = new Map<string, string>();
  let askedBefore = asked;

  const questionOf = (id: string) => asked.get(id) ?? askedBefore.get(id);
  /** @returns whether the id belongs to this question alone */
  const remember = ({ id, text }: Question): boolean => {
    const known = questionOf(id);
    if (known !== undefined && known !== text) return false;
    if (asked.size >= REMEMBERED_IDS) {
      askedBefore = asked;
      asked = new Map();
    }
    asked.set(id, text);
    return true;
  };
  const named = () => {
    if (naming === 'names') return;
    if (naming === 'unknown' || ++namedInARow >= NAMED_IN_A_ROW) naming = 'names';
  };
  const unnamed = () => {
    naming = 'silent';
    namedInARow = 0;
  };
  const distrustShifted = () => {
    shiftedUntil = clock.now() + DISTRUSTED_MS;
  };

  return {
    mayCarry(question) {
      const isAlone = remember(question);
      if (clock.now() < Math.max(brokenUntil, shiftedUntil)) return false;
      return isAlone || naming !== 'names';
    },
    accepts(question, { id, believed }) {
      if (id === question.id) named();
      else if (naming === 'names') {
        if (id !== undefined || believed) return false;
      } else {
        const other = id === undefined ? undefined : questionOf(id);
        if (other !== undefined && other !== question.text) return false;
        if (believed) unnamed();
      }
      suspicion = Math.max(0, suspicion - 1);
      return true;
    },
    answeredOnce(question, { id, believed }) {
      if (id === question.id) named();
      else if (believed) {
        // It stopped naming requests: that explains an answer without the id, and no connection was shifted.
        if (naming === 'names') shiftedUntil = Number.NEGATIVE_INFINITY;
        unnamed();
      }
    },
    broke() {
      suspicion += ANSWERS_FOR_ONE;
      if (suspicion <= TOLERATED * ANSWERS_FOR_ONE) return;
      suspicion = 0;
      brokenUntil = clock.now() + DISTRUSTED_MS;
    },
    shifted: distrustShifted,
    spokeUnasked() {
      // The others are recognized by their names.
      if (naming !== 'names') distrustShifted();
    },
  };
}
