import type { CallOptions, Clock } from '@halfopen/client';
import { createExplanation, type Explained, type Explanation } from '@halfopen/client/observe';
import { HEADERS } from '@halfopen/contracts';
import { HttpProblem, type RequestContext, recordOf, sayStale } from '@halfopen/service-kit';
import type { RequestHandler } from 'express';
import onHeaders from 'on-headers';

const explanations = new WeakMap<RequestContext, Explanation>();

/**
 * Answers `x-explain: 1`: whatever the answer is, its headers say where the time went (`Server-Timing`) and what happened
 * to the calls that were made for it (`x-explain`, JSON).
 * @throws HttpProblem 400 for any other value
 */
export function explain(clock: Clock): RequestHandler {
  return (req, res, next) => {
    const asked = req.headers[HEADERS.explain];
    if (asked !== undefined) {
      if (asked !== '1') throw new HttpProblem('bad_request', `${HEADERS.explain} must be 1, or left out`);
      const record = recordOf(res);
      const explanation = createExplanation(clock, record.startedAt);
      explanations.set(record, explanation);
      onHeaders(res, () => {
        const explained = explanation.summary();
        const allowedMs = Math.round(record.deadlineAt - record.startedAt);
        const deadline = { allowedMs, leftMs: Math.round((allowedMs - explained.totalMs) * 1_000) / 1_000 };
        res.setHeader(HEADERS.serverTiming, serverTiming(explained));
        // Names, codes, origins and numbers: nothing that a header could not hold.
        res.setHeader(HEADERS.explain, JSON.stringify({ ...explained, deadline }));
      });
    }
    next();
  };
}

/** What a call gets from the request that it is made for: one set for each call. */
export function forRequest(context: RequestContext): CallOptions {
  return { ...context, onStale: sayStale(context), watch: explanations.get(context)?.watchCall() };
}

/** https://www.w3.org/TR/server-timing/ */
function serverTiming({ totalMs, parts }: Explained): string {
  return Object.entries({ total: totalMs, ...parts })
    .map(([name, ms]) => `${name};dur=${ms}`)
    .join(', ');
}
