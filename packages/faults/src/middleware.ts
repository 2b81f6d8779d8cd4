import { setTimeout as wait } from 'node:timers/promises';
import type { Request, RequestHandler, Response } from 'express';
import { interceptAnswer } from './answer.ts';
import { hold, spoilOf } from './effects.ts';
import type { Candidate, Injector } from './injector.ts';
import { parseFaultHeader } from './plan.ts';
import { FAULT_EXIT_CODE, type Fault } from './schema.ts';

/** What the service around it tells the middleware of a request. Faults know nothing of the service's own names. */
export interface RequestFacts extends Candidate {
  /** A fault for this request alone. */
  readonly header: string | undefined;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

export interface FaultsOptions {
  readonly injector: Injector;
  readonly factsOf: (req: Request, res: Response) => RequestFacts;
  /** The service's own error for an injected status. */
  readonly refusal: (status: number, retryAfterMs: number | undefined) => Error;
  /** From here on the service must not answer by itself: the answer, or its absence, is the fault's. */
  readonly takeOver: (res: Response) => void;
  /** Told before the fault is played: its id is not in the answer yet. */
  readonly onInjected: (faultId: string, res: Response) => void;
  /** Ends the process at once. Left out: no fault may ask for it. */
  readonly exit?: ((code: number) => void) | undefined;
}

/**
 * Plays the plan, or the `x-fault` of one request, before the routes see it.
 * @throws FaultPlanError when the header is not a fault
 */
export function faults(options: FaultsOptions): RequestHandler {
  const { injector, factsOf, onInjected, exit } = options;
  return async (req, res, next) => {
    const facts = factsOf(req, res);
    const fault =
      facts.header === undefined
        ? injector.pick(facts)
        : parseFaultHeader(facts.header, { mayExit: exit !== undefined });
    if (fault === undefined) {
      next();
      return;
    }
    onInjected(fault.id, res);
    const delayMs = injector.delayMs(fault, facts);
    if (delayMs > 0) {
      const waited = await wait(delayMs, true, { signal: facts.signal }).catch(() => false);
      // Nobody waits any more: whoever ended the request has answered it, if anybody had to.
      if (!waited) return;
    }
    play(fault, res, options, next);
  };
}

function play(
  fault: Fault,
  res: Response,
  { refusal, takeOver, exit }: FaultsOptions,
  next: (error?: unknown) => void,
): void {
  if (fault.status !== undefined) {
    next(refusal(fault.status, fault.retryAfter === undefined ? undefined : fault.retryAfter * 1_000));
  } else if (fault.reset) {
    res.socket?.resetAndDestroy();
  } else if (fault.exit) {
    exit?.(FAULT_EXIT_CODE);
  } else if (fault.hang) {
    takeOver(res);
    hold(res);
  } else {
    const spoil = spoilOf(fault, () => takeOver(res));
    if (spoil !== undefined) interceptAnswer(res, (body) => spoil(res, body));
    next();
  }
}
