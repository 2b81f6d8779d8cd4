import { isCallError } from './call-error.ts';

/** What one outcome says about the downstream. A `neutral` outcome says nothing about it. */
export type Verdict = 'success' | 'failure' | 'neutral';

/** Outcomes of one endpoint's latest attempts. */
export interface RecentOutcomes {
  readonly outcomes: number;
  /** How many of `outcomes` were failures. */
  readonly failures: number;
}

/**
 * What a failed attempt says about the downstream.
 * @param hadFairChance whether the attempt ran long enough for a healthy downstream to have answered
 */
export function verdictOf(error: unknown, hadFairChance: boolean): Verdict {
  if (!isCallError(error) || error.ownStall) return 'neutral';
  switch (error.code) {
    case 'connection_lost':
      return error.staleConnection ? 'neutral' : 'failure';
    case 'attempt_timeout':
    case 'unreachable':
    case 'bad_response':
    case 'remote_error':
      return 'failure';
    case 'deadline_exceeded':
      // A caller in a hurry must not open the breaker for everybody else.
      return hadFairChance ? 'failure' : 'neutral';
    case 'remote_refused':
      return 'success';
    case 'overloaded':
      // A 429 comes from a downstream that works and asks for less. Without a status, we refused the call ourselves.
      return error.status === undefined ? 'neutral' : 'success';
    default:
      return 'neutral';
  }
}
