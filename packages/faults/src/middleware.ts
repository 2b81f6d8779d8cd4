import { setTimeout as wait } from 'node:timers/promises';
import type { Request, RequestHandler, Response } from 'express';
import { interceptAnswer } from './answer.ts';
import { hold, spoilOf } from './effects.ts';
import type { Candidate, Injector } from './injector.ts';
import { parseFaultHeader } from './plan.ts';
import { FAULT_EXIT_CODE, type Fault } from './schema.ts';

/** What a service tells the middleware about a request. The middleware itself knows no header names. */
export interface RequestFacts extends Candidate {
  /** The `x-fault` header: a fault for this request alone. */
  readonly header: string | undefined;
  /** Aborted when nobody waits for the answer any more. It ends a delay. */
  readonly signal: AbortSignal;
}

/** How the middleware fits into a service. */
export interface FaultsOptions {
  /** Holds the plan in force. */
  readonly injector: Injector;
  /** Reads the facts about a request. */
  readonly factsOf: (req: Request, res: Response) => RequestFacts;
  /** Makes the service's error for an injected status. */
  readonly refusal: (status: number, retryAfterMs: number | undefined) => Error;
  /** Stops the service from answering by itself: the fault answers, or stays silent on purpose. */
  readonly takeOver: (res: Response) => void;
  /** Called before the fault takes effect, so that headers can still be set. */
  readonly onInjected: (faultId: string, res: Response) => void;
  /** Ends the process at once. Default: the fault `exit` is refused. */
  readonly exit?: ((code: number) => void) | undefined;
}

/**
 * Express middleware that injects the faults of the plan, or the `x-fault` of one request. Use it before the routes.
 * @throws FaultPlanError if the header is invalid; Express passes it to the error handler
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
      // The request has ended during the delay. If it needed an answer, it has one.
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
