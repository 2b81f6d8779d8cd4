import type { CallContext } from './call-context.ts';
import { abortError } from './call-error.ts';
import type { Clock } from './clock.ts';
import { DEFAULTS } from './defaults.ts';
import { type PolicyListener, tell } from './events.ts';

export interface RecoveryOptions {
  /** The longest that a call waits, in milliseconds: half of the deadline. Above 0. */
  readonly mostMs: number;
  /** Calls that may wait. One more is refused at once. At least 1. */
  readonly maxWaiting: number;
}

/** What the queue has to know of an endpoint. */
export interface Recovering {
  readonly guard: {
    readonly admits: boolean;
    /** Milliseconds until it may admit a call again. 0 while a probe is finding out. `undefined`: nobody knows, so nobody waits. */
    readonly retryAfterMs?: number;
    /** How often it has opened in a row without an answer in between. */
    readonly openings?: number;
  };
}

export interface RecoveryQueue<Member> {
  readonly waiting: number;
  /** Until when a call that arrives now may wait. */
  boundFor(context: CallContext): number;
  /**
   * Waits until an endpoint admits the call.
   * @returns that endpoint, or `undefined` if none will in time, or too many wait
   * @throws CallError the reason of the context's signal, as soon as it aborts
   */
  wait(context: CallContext, boundAt: number): Promise<Member | undefined>;
  /** Something about the endpoint has changed: it may admit, or have opened again. */
  changed(member: Member): void;
  /** Ends every wait. */
  close(): void;
}

/** In the first openings, the endpoint may be back soon. Later it is an outage, and waiting only delays the refusal. */
const HOPEFUL_OPENINGS = 2;
const LATER_MS = DEFAULTS.breakerOpenMs;
/** What must be left of the deadline after a wait. */
const LEAST_LEFT_MS = 50;

/** Calls that wait for an endpoint to come back (gRPC: wait for ready). First come, first served, by whichever endpoint is back first. */
export function createRecoveryQueue<Member extends Recovering>(
  members: () => readonly Member[],
  options: RecoveryOptions,
  clock: Clock,
  onEvent: PolicyListener,
): RecoveryQueue<Member> {
  const waiters = new Set<{ readonly boundAt: number; readonly end: (member: Member | undefined) => void }>();
  let cancelTimer = () => {};
  let isHandingOver = false;

  /** Milliseconds until some endpoint may admit a call, as far as is known. */
  const soonestMs = () =>
    members().reduce(
      (soonest, { guard }) => Math.min(soonest, guard.retryAfterMs ?? Number.POSITIVE_INFINITY),
      Number.POSITIVE_INFINITY,
    );

  /** An open breaker becomes half-open when somebody looks at it. It then says that it has changed. */
  const look = () => {
    for (const { guard } of members()) void guard.admits;
    plan();
  };
  const plan = () => {
    cancelTimer();
    const soonest = soonestMs();
    const now = clock.now();
    for (const waiter of waiters) if (waiter.boundAt < now + soonest) waiter.end(undefined);
    // Where a probe is finding out, its guard says how that ended.
    if (waiters.size > 0 && soonest > 0 && soonest < Number.POSITIVE_INFINITY) cancelTimer = clock.after(soonest, look);
  };
  const changed = (member: Member) => {
    if (waiters.size === 0 || isHandingOver) return;
    isHandingOver = true;
    const { admits } = member.guard;
    isHandingOver = false;
    if (!admits) return plan();
    const [first] = waiters;
    first?.end(member);
  };

  return {
    get waiting() {
      return waiters.size;
    },
    boundFor({ deadlineAt }) {
      const openings = members().reduce(
        (least, { guard }) => Math.min(least, guard.openings ?? 0),
        Number.POSITIVE_INFINITY,
      );
      const mayMs = openings <= HOPEFUL_OPENINGS ? options.mostMs : Math.min(LATER_MS, options.mostMs);
      return Math.min(deadlineAt - LEAST_LEFT_MS, clock.now() + mayMs);
    },
    async wait(context, boundAt) {
      const { signal, watch } = context;
      const startedAt = clock.now();
      if (signal.aborted) throw abortError(signal);
      if (waiters.size >= options.maxWaiting || boundAt <= startedAt || boundAt < startedAt + soonestMs())
        return undefined;
      watch?.({ type: 'waiting' });
      const member = await new Promise<Member | undefined>((resolve, reject) => {
        const leave = () => {
          waiters.delete(waiter);
          cancelBound();
          signal.removeEventListener('abort', onAbort);
          if (waiters.size === 0) cancelTimer();
        };
        const waiter = {
          boundAt,
          end: (found: Member | undefined) => {
            leave();
            resolve(found);
          },
        };
        const onAbort = () => {
          leave();
          reject(abortError(signal));
        };
        const cancelBound = clock.after(boundAt - startedAt, () => waiter.end(undefined));
        signal.addEventListener('abort', onAbort, { once: true });
        waiters.add(waiter);
        if (waiters.size === 1) plan();
      });
      const waitedMs = clock.now() - startedAt;
      tell({ type: 'waited', outcome: member === undefined ? 'refused' : 'admitted', waitedMs }, onEvent, watch);
      return member;
    },
    changed,
    close() {
      for (const waiter of waiters) waiter.end(undefined);
    },
  };
}
