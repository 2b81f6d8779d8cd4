import type { TransportResponse } from '@halfopen/client';
import { PROBLEM_MEDIA_TYPE, PROBLEMS, type ProblemCode } from '@halfopen/contracts';
import type { Fault } from '@halfopen/faults';

const utf8 = new TextEncoder();

/** The greeter's answer, spoiled as the fault says. */
export function answerOf(name = 'World', fault?: Fault): TransportResponse {
  const body = utf8.encode(JSON.stringify({ message: fault?.wrongType ? 42 : `Hello, ${name}!` }));
  return {
    status: 200,
    contentType: 'application/json; charset=utf-8',
    contentEncoding: undefined,
    cacheControl: 'max-age=0, stale-if-error=86400',
    retryAfterMs: undefined,
    fault: fault?.id,
    body: fault?.malformed ? body.subarray(0, -1) : body,
  };
}

/** A problem document with one of our codes. @param retryAfterMs of the header `Retry-After`, which has whole seconds */
export function problemOf(code: ProblemCode, retryAfterMs?: number): TransportResponse {
  return refusal(PROBLEMS[code].status, code, retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs / 1_000));
}

/** What an injected status is answered with. */
export function injectedStatus({ id, retryAfter }: Fault, status: number): TransportResponse {
  return { ...refusal(status, 'internal', retryAfter), fault: id };
}

function refusal(status: number, code: ProblemCode, retryAfterS: number | undefined): TransportResponse {
  const { title } = PROBLEMS[code];
  const problem = {
    type: 'about:blank',
    title,
    status,
    detail: title,
    instance: '/hello',
    code,
    requestId: 'simulated',
  };
  return {
    status,
    contentType: PROBLEM_MEDIA_TYPE,
    contentEncoding: undefined,
    cacheControl: undefined,
    retryAfterMs: retryAfterS === undefined ? undefined : retryAfterS * 1_000,
    fault: undefined,
    body: utf8.encode(JSON.stringify(problem)),
  };
}
