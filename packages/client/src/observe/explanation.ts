import {
  type BreakerState,
  type CallErrorCode,
  type CallEvent,
  type CallWatcher,
  type Clock,
  type Verdict,
} from '@halfopen/resilience';

/**
 * What a request spends its time on. It is one of these at any moment, so they add up to the whole. `admission`: waits for a place in
 * the service. `queue`: waits for a place in the bulkhead. `attempts`: waits for the downstream. `backoff`: waits before a retry, or for an
 * endpoint to come back.
 * `shared`: waits for an identical call. `own`: the service's own work.
 */
const PARTS = ['admission', 'queue', 'attempts', 'backoff', 'shared', 'own'] as const;
type Part = (typeof PARTS)[number];

/** One attempt of a call. Times are in milliseconds since the request arrived. */
interface ExplainedAttempt {
  readonly attempt: number;
  readonly endpoint: string;
  readonly startMs: number;
  /** Until it ended, or until now. */
  tookMs: number;
  /** `success`, the code of its failure, or `unfinished`. */
  outcome: CallErrorCode | 'success' | 'unfinished';
  /** HTTP status, if one was received. */
  status?: number;
  /** The id of the fault that the downstream says it has injected. */
  fault?: string;
  /** State of the breaker that admitted the attempt, its verdict, and whether it counted the attempt as late before. Missing with policy `none`, which has no breaker. */
  breaker?: { readonly state: BreakerState; verdict?: Verdict; late?: true };
}

interface ExplainedCall {
  readonly downstream: string;
  readonly operation: string;
  /** `success`, `degraded` (a stale answer replaced the failure `because`), the code of the failure, or `unfinished`. */
  outcome: CallErrorCode | 'success' | 'degraded' | 'unfinished';
  because?: CallErrorCode;
  /** Retries left before and after the call. Other calls use the same budget. */
  readonly retryBudget: { readonly before: number; after?: number };
  /** Answered together with an identical call that was in flight. The attempts belong to that call. */
  shared?: true;
  readonly attempts: ExplainedAttempt[];
  /** Waits before a retry: after which attempt and failure, and for how long at most. */
  readonly backoffs: { readonly afterAttempt: number; readonly because: CallErrorCode; readonly delayMs: number }[];
  /** Attempts begun beside one that took long. */
  hedges: number;
  /** Waits for an endpoint to come back, if there were any. They are part of `backoff`. */
  recoveryWaits?: { readonly outcome: 'admitted' | 'refused'; readonly waitedMs: number }[];
  /** Codes of the policies that refused an attempt or a retry. */
  readonly rejected: CallErrorCode[];
}

export interface Explained {
  readonly totalMs: number;
  readonly parts: Readonly<Record<Part, number>>;
  readonly calls: readonly ExplainedCall[];
}

export interface Explanation {
  /** Follows one call made for the request. Pass the result as `CallOptions.watch`. */
  watchCall(): CallWatcher;
  /** Summarizes what has happened so far. */
  summary(): Explained;
}

/** If the calls of a request wait for different things, the request counts as waiting for the first of these. */
const PRECEDENCE = ['attempts', 'shared', 'queue', 'backoff'] as const;

/**
 * Follows one request: where its time goes, and what the policies decide about its calls. Made only for requests that ask for it.
 * @param startedAt when the request arrived, on `clock`. Until now it waited for admission
 */
export function createExplanation(clock: Clock, startedAt: number): Explanation {
  const spentMs: Record<Part, number> = { admission: 0, own: 0, queue: 0, attempts: 0, backoff: 0, shared: 0 };
  const calls: FollowedCall[] = [];
  let part: Part = 'admission';
  let since = startedAt;

  const turnTo = (next: Part) => {
    const now = clock.now();
    spentMs[part] += now - since;
    part = next;
    since = now;
    return round(now - startedAt);
  };
  turnTo('own');

  const onTurn = () => turnTo(PRECEDENCE.find((one) => calls.some((call) => call.part === one)) ?? 'own');
  const passedMs = () => round(clock.now() - startedAt);

  return {
    watchCall() {
      const call = new FollowedCall(passedMs, onTurn);
      calls.push(call);
      return (event) => call.note(event);
    },
    summary() {
      turnTo(part);
      const parts = Object.fromEntries(PARTS.map((name) => [name, round(spentMs[name])])) as Record<Part, number>;
      // The clock is not read again, because the parts are those of this moment.
      return { totalMs: round(since - startedAt), parts, calls: calls.flatMap((call) => call.explained() ?? []) };
    },
  };
}

class FollowedCall {
  /** What the call spends its time on now. */
  part: Part = 'own';
  readonly #passedMs: () => number;
  readonly #onTurn: () => number;
  readonly #breakers = new Map<number, NonNullable<ExplainedAttempt['breaker']>>();
  #call: ExplainedCall | undefined;
  #inFlight = 0;

  /**
   * @param passedMs milliseconds since the request arrived
   * @param onTurn called when `part` has changed. @returns when that was, in milliseconds since the request arrived. The clock is read
   *   once for both: between two readings, time could pass that belongs to no part
   */
  constructor(passedMs: () => number, onTurn: () => number) {
    this.#passedMs = passedMs;
    this.#onTurn = onTurn;
  }

  explained(): ExplainedCall | undefined {
    for (const attempt of this.#call?.attempts ?? []) {
      if (attempt.outcome === 'unfinished') attempt.tookMs = round(this.#passedMs() - attempt.startMs);
    }
    return this.#call;
  }

  note(event: CallEvent): void {
    if (event.type === 'call_started') {
      this.#call = {
        downstream: event.downstream,
        operation: event.operation,
        outcome: 'unfinished',
        retryBudget: { before: round(event.retryBudgetRemaining) },
        attempts: [],
        backoffs: [],
        hedges: 0,
        rejected: [],
      };
    } else if (this.#call !== undefined) {
      this.#noteIn(this.#call, event);
    }
  }

  #noteIn(call: ExplainedCall, event: CallEvent): void {
    const attemptOf = (number: number) => call.attempts.find(({ attempt }) => attempt === number);
    switch (event.type) {
      case 'queued':
        this.#turnTo('queue');
        break;
      case 'admitted':
        this.#turnTo('own');
        break;
      case 'shared':
        call.shared = true;
        this.#turnTo('shared');
        break;
      case 'retry':
        call.backoffs.push({
          afterAttempt: call.attempts.length,
          because: event.reason,
          delayMs: round(event.delayMs),
        });
        this.#turnTo('backoff');
        break;
      case 'hedge':
        call.hedges++;
        break;
      case 'waiting':
        this.#turnTo('backoff');
        break;
      case 'waited':
        call.recoveryWaits ??= [];
        call.recoveryWaits.push({ outcome: event.outcome, waitedMs: round(event.waitedMs) });
        this.#turnTo('own');
        break;
      case 'rejected':
        call.rejected.push(event.code);
        this.#turnTo('own');
        break;
      case 'breaker_admitted':
        this.#breakers.set(event.attempt, { state: event.state });
        break;
      case 'late': {
        const breaker = this.#breakers.get(event.attempt);
        if (breaker !== undefined) breaker.late = true;
        break;
      }
      case 'breaker_verdict': {
        const breaker = this.#breakers.get(event.attempt);
        if (breaker !== undefined) breaker.verdict = event.verdict;
        break;
      }
      case 'attempt_started': {
        const breaker = this.#breakers.get(event.attempt);
        this.#inFlight++;
        call.attempts.push({
          attempt: event.attempt,
          endpoint: event.endpoint,
          startMs: this.#turnTo('attempts'),
          tookMs: 0,
          outcome: 'unfinished',
          ...(breaker === undefined ? {} : { breaker }),
        });
        break;
      }
      case 'answered': {
        const attempt = attemptOf(event.attempt);
        if (attempt === undefined) break;
        attempt.status = event.status;
        if (event.fault !== undefined) attempt.fault = event.fault;
        break;
      }
      case 'attempt_ended': {
        const attempt = attemptOf(event.attempt);
        const endMs = --this.#inFlight === 0 ? this.#turnTo('own') : this.#passedMs();
        if (attempt !== undefined) {
          attempt.tookMs = round(endMs - attempt.startMs);
          attempt.outcome = event.error ?? 'success';
        }
        break;
      }
      case 'call_ended':
        call.outcome = event.error ?? (event.staleBecause === undefined ? 'success' : 'degraded');
        if (event.staleBecause !== undefined) call.because = event.staleBecause;
        call.retryBudget.after = round(event.retryBudgetRemaining);
        this.#turnTo('own');
        break;
      default:
    }
  }

  #turnTo(part: Part): number {
    this.part = part;
    return this.#onTurn();
  }
}

/** Rounds to microseconds, the resolution of the process's clock. */
function round(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
