import type { CallContext } from './call-context.ts';
import { CallError, isCallError } from './call-error.ts';
import { type Clock, systemClock } from './clock.ts';
import { LEAST_USEFUL_MS } from './deadline.ts';
import { DEFAULTS } from './defaults.ts';
import { ignoreEvents, type PolicyListener, tell } from './events.ts';
import { checkMs } from './options.ts';
import { createOvertaking } from './overtaking.ts';
import type { Policy } from './policy.ts';
import { createQuantile } from './quantile.ts';

export interface DeadlineAdmissionOptions {
  /** The longest that one attempt can last, in milliseconds. No attempt needs more time than that. Default 500. */
  readonly attemptTimeoutMs?: number;
  /** Default: the process's clock. */
  readonly clock?: Clock;
  /** Called at each refusal. Default: nobody. */
  readonly onEvent?: PolicyListener;
}

export interface DeadlineAdmission {
  readonly policy: Policy;
  /** How many milliseconds an attempt of this call must have left to begin. Give it to `retry`, which then pays for no retry in vain. */
  readonly leastMs: (context: CallContext) => number;
}

/** Nine of ten attempts take no longer than what counts as usual. */
const USUAL_QUANTILE = 0.9;
/** With only the usual time left, the answer would come in the last moment or just after it. */
const USUAL_MULTIPLE = 2;
/** No call is asked for more than this share of the time that it came with, so a call that has not waited always begins. */
const LARGEST_SHARE = 0.5;

/**
 * Begins an attempt only if it can probably be answered before the call's deadline. Under overload, calls wait for a place until hardly
 * any time is left. Sent then, they keep the downstream busy with work that nobody waits for any longer, and nobody is answered.
 *
 * It learns what attempts usually take. An attempt that is cut off counts as one that takes the whole attempt timeout: the answers that
 * still come in time are the fast ones, and would make a dying downstream look fast. It does not count if a later attempt has been
 * answered meanwhile, because then it was not slow but lost. Nothing is refused until twenty attempts are known.
 *
 * Needs `startedAt` in the context, so put it inside a `deadline`.
 * @throws RangeError for an option out of range
 * @throws CallError (from the policy) `deadline_exceeded`, sent `never`
 */
export function createDeadlineAdmission(options: DeadlineAdmissionOptions = {}): DeadlineAdmission {
  const { attemptTimeoutMs = DEFAULTS.attemptTimeoutMs, clock = systemClock, onEvent = ignoreEvents } = options;
  checkMs('attemptTimeoutMs', attemptTimeoutMs, { min: 1 });
  const usual = createQuantile(USUAL_QUANTILE);
  const overtaking = createOvertaking(attemptTimeoutMs);

  const leastMs = ({ startedAt, deadlineAt }: CallContext) => {
    if (startedAt === undefined || usual.value === undefined) return LEAST_USEFUL_MS;
    const mostMs = (deadlineAt - startedAt) * LARGEST_SHARE;
    return Math.max(LEAST_USEFUL_MS, Math.min(attemptTimeoutMs, usual.value * USUAL_MULTIPLE, mostMs));
  };

  return {
    leastMs,
    policy: (next) => async (context) => {
      const startedAt = clock.now();
      const [leftMs, needsMs] = [context.deadlineAt - startedAt, leastMs(context)];
      if (leftMs < needsMs) {
        tell({ type: 'rejected', code: 'deadline_exceeded' }, onEvent, context.watch);
        throw new CallError(
          'deadline_exceeded',
          `${Math.floor(leftMs)} ms left, and an attempt is begun only with ${Math.ceil(needsMs)} ms left`,
        );
      }
      try {
        const value = await next(context);
        usual.observe(clock.now() - startedAt);
        overtaking.answered(startedAt);
        return value;
      } catch (error) {
        if (!isCallError(error) || error.ownStall) throw error;
        if (error.code === 'remote_refused') overtaking.answered(startedAt);
        const isCutOff = error.code === 'attempt_timeout' || error.code === 'deadline_exceeded';
        if (isCutOff && !overtaking.hasOvertaken(startedAt)) usual.observe(attemptTimeoutMs);
        throw error;
      }
    },
  };
}
