import { setTimeout as wait } from 'node:timers/promises';
import type { Request, RequestHandler, Response } from 'express';
import type { Injector } from './injector.ts';
import { type Fault, parseFaultHeader } from './plan.ts';

/** What the service around it tells the middleware of a request. Faults know nothing of the service's own names. */
export interface RequestFacts {
  readonly requestId: string;
  /** Which attempt of a call this is; `1` where nobody says. */
  readonly attempt: string;
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
  readonly onInjected: (faultId: string) => void;
}

/**
 * Plays the plan, or the `x-fault` of one request, before the routes see it.
 * @throws FaultPlanError when the header is not a fault
 */
export function faults(options: FaultsOptions): RequestHandler {
  const { injector, factsOf, onInjected } = options;
  return async (req, res, next) => {
    const facts = factsOf(req, res);
    const fault =
      facts.header === undefined ? injector.pick(facts.requestId, facts.attempt) : parseFaultHeader(facts.header);
    if (fault === undefined) {
      next();
      return;
    }
    onInjected(fault.id);
    const delayMs = injector.delayMs(fault, facts.requestId, facts.attempt);
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
  { refusal, takeOver }: FaultsOptions,
  next: (error?: unknown) => void,
): void {
  if (fault.status !== undefined) {
    next(refusal(fault.status, fault.retryAfter === undefined ? undefined : fault.retryAfter * 1_000));
  } else if (fault.reset) {
    res.socket?.resetAndDestroy();
  } else if (fault.hang) {
    takeOver(res);
  } else if (fault.truncate) {
    takeOver(res);
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 });
    res.write('{"message":"Hel', () => res.destroy());
  } else if (fault.malformed) {
    answer(res, '{"message":"Hello, ');
  } else if (fault.wrongType) {
    answer(res, '{"message":42}');
  } else {
    next();
  }
}

function answer(res: Response, body: string): void {
  res.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body);
}
