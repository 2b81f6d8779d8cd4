import express, { type Express, type RequestHandler } from 'express';
import type { Injector } from './injector.ts';
import { MAX_PLAN_BYTES } from './limits.ts';
import { FaultPlanError, type Host, parsePlan } from './plan.ts';

/** How the routes of the faults fit into a service. */
export interface FaultRoutesOptions {
  /** Holds the plan in force. */
  readonly injector: Injector;
  /** What a plan may ask for in this process. */
  readonly host: Host;
  /** Makes the service's error for a body that cannot be read (413, 415). */
  readonly refusal: (status: number, detail: string) => Error;
}

/** Adds `GET`, `PUT` and `DELETE /faults` to the ops port, which faults do not affect. */
export function mountFaults(ops: Express, options: FaultRoutesOptions): void {
  const { injector, host } = options;
  ops
    .route('/faults')
    .get((_req, res) => {
      res.json(injector.status);
    })
    .put(readBody(options), (req, res) => {
      injector.use(parsePlan(jsonOf(req.body), host));
      res.json(injector.status);
    })
    .delete((_req, res) => {
      injector.clear();
      res.json(injector.status);
    });
}

/** Reads the body whatever its content type: `curl -d` declares JSON as a form. */
function readBody({ refusal }: FaultRoutesOptions): RequestHandler {
  const raw = express.raw({ limit: MAX_PLAN_BYTES, type: () => true, inflate: false });
  const tooLarge = () => refusal(413, `a fault plan has at most ${MAX_PLAN_BYTES} bytes`);
  return (req, res, next) => {
    // Express would first read all of it.
    if (Number(req.headers['content-length']) > MAX_PLAN_BYTES) {
      next(tooLarge());
      return;
    }
    raw(req, res, (error?: { type?: string }) => {
      if (error?.type === 'entity.too.large') next(tooLarge());
      else if (error?.type === 'encoding.unsupported') next(refusal(415, 'a fault plan must not be compressed'));
      else next(error);
    });
  };
}

/** `fatal`, or else invalid bytes would silently become U+FFFD. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** @throws FaultPlanError */
function jsonOf(body: unknown): unknown {
  if (!Buffer.isBuffer(body) || body.length === 0) {
    throw new FaultPlanError('the fault plan is missing: send it as the body');
  }
  try {
    return JSON.parse(utf8.decode(body));
  } catch (error) {
    throw new FaultPlanError(`the fault plan is not JSON in UTF-8: ${(error as Error).message}`);
  }
}
