import { isDeepStrictEqual } from 'node:util';
import type { Expectation } from '../experiment/format.ts';
import { withNumber } from '../experiment/placeholders.ts';
import type { Outcome } from '../result/result.ts';

export interface Answer {
  readonly status: number;
  /** The header `Cache-Status`, if there was one. */
  readonly cacheStatus: string | undefined;
  readonly body: string;
}

/**
 * What became of a request.
 *
 * - `success`: the right status and the right body.
 * - `degraded`: the same, but an old answer that stands in for a failure, and says so (`fwd=stale`, RFC 9211).
 * - `wrong`: the right status with another body. Worse than a failure: nobody notices.
 * - `failed`: everything else.
 */
export function outcomeOf({ status, cacheStatus, body }: Answer, expect: Expectation, arrival: number): Outcome {
  if (status !== expect.status) return 'failed';
  if (!isRight(body, expect, arrival)) return 'wrong';
  return cacheStatus !== undefined && /;\s*fwd=stale\b/.test(cacheStatus) ? 'degraded' : 'success';
}

function isRight(body: string, { json, jsonIncludes, text }: Expectation, arrival: number): boolean {
  if (text !== undefined) return body === withNumber(text, arrival);
  const expected = json === undefined ? jsonIncludes : json;
  if (expected === undefined) return true;
  const isAsExpected = json === undefined ? includes : isDeepStrictEqual;
  try {
    return isAsExpected(JSON.parse(body), JSON.parse(withNumber(JSON.stringify(expected), arrival)));
  } catch {
    // What does not parse is not the right answer.
    return false;
  }
}

/**
 * Whether JSON has in it what is expected. Not `assert.partialDeepStrictEqual`: that lets elements of lists be missing, and writes out the
 * difference for each wrong answer, while the next request is due.
 */
function includes(actual: unknown, expected: unknown): boolean {
  if (typeof expected !== 'object' || expected === null) return actual === expected;
  if (typeof actual !== 'object' || actual === null || Array.isArray(actual) !== Array.isArray(expected)) return false;
  if (Array.isArray(actual) && actual.length !== Object.keys(expected).length) return false;
  return Object.entries(expected).every(([name, value]) => includes((actual as Record<string, unknown>)[name], value));
}
