import type { AdaptiveLimit } from './adaptive-limit.ts';
import type { CallContext } from './call-context.ts';
import { type CallError, isCallError } from './call-error.ts';
import type { Clock } from './clock.ts';
import { createOvertaking } from './overtaking.ts';
import type { Policy } from './policy.ts';
import { createQuantile } from './quantile.ts';

export interface LoadSensorOptions {
  /** Told how attempts end. */
  readonly limit: AdaptiveLimit | undefined;
  /** Calls in flight now. */
  readonly inFlight: () => number;
  /** Called when an attempt was abandoned after it was sent: the downstream may still be working on it. */
  readonly onAbandoned: () => void;
  /** Called when an attempt has ended. */
  readonly onEnded: () => void;
  readonly attemptTimeoutMs: number;
  readonly clock: Clock;
}

/** An attempt that ran for less time than nine of ten answers take had no chance: cut off, it says nothing about the downstream. */
const FAIR_QUANTILE = 0.9;

/** Differences of instants are not exact. */
const ROUNDING_MS = 1;

/** The time that a call came with, in milliseconds. */
const cameWith = ({ startedAt, deadlineAt }: CallContext) =>
  startedAt === undefined ? Number.POSITIVE_INFINITY : deadlineAt - startedAt;

/** Watches attempts for what they say about the load of the downstream. Innermost, so that it sees what the wire sees. */
export function loadSensor(options: LoadSensorOptions): Policy {
  const { limit, inFlight, onAbandoned, onEnded, attemptTimeoutMs, clock } = options;
  const overtaking = createOvertaking(attemptTimeoutMs);
  const usual = createQuantile(FAIR_QUANTILE);

  /** The most time that a call has come with. One that comes with less is in a hurry. */
  let mostMs = 0;

  const hadFairChance = (ranMs: number, cameWithMs: number) => {
    const usualMs = usual.value ?? attemptTimeoutMs;
    // Answers may usually take longer than the attempt timeout where patience replaces it. Nobody else's hurry is the downstream's fault.
    const isHurried = cameWithMs < mostMs - ROUNDING_MS;
    return ranMs >= (isHurried ? usualMs : Math.min(usualMs, attemptTimeoutMs));
  };

  /** Whether the attempt was answered in time. `undefined` if its end says nothing about load. */
  const wasAnswered = (error: CallError, startedAt: number, cameWithMs: number) => {
    if (error.ownStall) return undefined;
    if (error.sent === 'answered') return true;
    const isFair = hadFairChance(clock.now() - startedAt, cameWithMs);
    const isCutOff = error.code === 'attempt_timeout' || (error.code === 'deadline_exceeded' && isFair);
    return isCutOff && !overtaking.hasOvertaken(startedAt) ? false : undefined;
  };

  return (next) => async (context) => {
    const startedAt = clock.now();
    const sample = { startedAt, inFlight: inFlight() };
    const cameWithMs = cameWith(context);
    mostMs = Math.max(mostMs, cameWithMs);
    const observe = (answered: boolean | undefined) => {
      if (answered !== undefined) limit?.observe({ ...sample, answered });
      onEnded();
    };
    try {
      const value = await next(context);
      overtaking.answered(startedAt);
      usual.observe(clock.now() - startedAt);
      observe(true);
      return value;
    } catch (error) {
      const known = isCallError(error) ? error : undefined;
      if (known?.code === 'remote_refused') overtaking.answered(startedAt);
      if (context.signal.aborted && known?.sent !== 'never') onAbandoned();
      observe(known && wasAnswered(known, startedAt, cameWithMs));
      throw error;
    }
  };
}
