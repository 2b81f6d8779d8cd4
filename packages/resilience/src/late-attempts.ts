import { type Clock, STALL_MS } from './clock.ts';

/** Timers count whole milliseconds: one may fire this much before its time on the clock. */
const TIMER_ERROR_MS = 1;

/** One attempt, from when it begins until it has ended. */
export interface FollowedAttempt {
  readonly startedAt: number;
  readonly lateAt: number;
  isLate: boolean;
  cancelTimer: () => void;
}

export interface LateAttempts {
  /** Attempts that are late, were counted, and have not ended. */
  readonly pending: number;
  /** How many of them have taken at least `ms`. What is late is judged by what is known now, not by what was known when it began. */
  pendingFor(ms: number): number;
  /**
   * Follows an attempt that begins now.
   * @param onLate called once it has taken `afterMs`
   */
  follow(afterMs: number, onLate: (attempt: FollowedAttempt) => void): FollowedAttempt;
  /** Counts a late attempt until it ends. */
  count(attempt: FollowedAttempt): void;
  /** The attempt has ended. @returns whether it was in the count until now */
  end(attempt: FollowedAttempt): boolean;
  /** The endpoint answered. */
  answered(): void;
  /** Whether the endpoint has answered since `at`. */
  hasAnsweredSince(at: number): boolean;
  /** Whether at least `attempts` became late since the last answer, the first of which began at least `ms` ago. */
  isSilent(attempts: number, ms: number): boolean;
  /** Empties the count. */
  forget(): void;
}

/**
 * Counts the attempts of one endpoint that have taken too long and may still be answered. A rolling window holds final outcomes and
 * cannot take one back, so what is provisional is counted here.
 */
export function createLateAttempts(clock: Clock): LateAttempts {
  const counted = new Set<FollowedAttempt>();
  let answeredAt = Number.NEGATIVE_INFINITY;
  let lateInARow = 0;
  let silentSince = 0;
  return {
    get pending() {
      return counted.size;
    },
    pendingFor(ms) {
      const beganBefore = clock.now() - ms + TIMER_ERROR_MS;
      let pending = 0;
      for (const { startedAt } of counted) if (startedAt <= beganBefore) pending++;
      return pending;
    },
    follow(afterMs, onLate) {
      const startedAt = clock.now();
      const attempt: FollowedAttempt = {
        startedAt,
        lateAt: startedAt + afterMs,
        isLate: false,
        cancelTimer: () => undefined,
      };
      const wait = (dueAt: number) => {
        attempt.cancelTimer = clock.after(dueAt - clock.now(), () => {
          const now = clock.now();
          // This process was stalled, so the attempt has not had its time.
          if (now - dueAt >= STALL_MS) {
            wait(now + afterMs);
            return;
          }
          attempt.isLate = true;
          if (lateInARow++ === 0) silentSince = startedAt;
          onLate(attempt);
        });
      };
      wait(attempt.lateAt);
      return attempt;
    },
    count(attempt) {
      counted.add(attempt);
    },
    end(attempt) {
      attempt.cancelTimer();
      return counted.delete(attempt);
    },
    answered() {
      answeredAt = clock.now();
      lateInARow = 0;
    },
    hasAnsweredSince: (at) => answeredAt > at,
    isSilent: (attempts, ms) => lateInARow >= attempts && clock.now() - silentSince >= ms,
    forget() {
      counted.clear();
    },
  };
}
