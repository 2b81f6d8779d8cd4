import { isDeepStrictEqual } from 'node:util';
import type { Expectation } from '../experiment/format.ts';
import { withNumber } from '../experiment/placeholders.ts';
import type { Outcome } from '../result/result.ts';

export interface Answer {
  readonly status: number;
  /** The header `Content-Type`, if present. */
  readonly contentType: string | undefined;
  /** The header `Cache-Status`, if present. */
  readonly cacheStatus: string | undefined;
  readonly body: string;
}

/**
 * Classifies the answer to a request.
 *
 * - `success`: the right status and the right body.
 * - `degraded`: the same, but a stale answer in place of a failure, and marked as such (`fwd=stale`, RFC 9211).
 * - `wrong`: the right status with another body. That is worse than a failure, because the caller does not notice.
 * - `failed`: everything else.
 */
export function outcomeOf(
  { status, cacheStatus, body }: Omit<Answer, 'contentType'>,
  expect: Expectation,
  arrival: number,
): Outcome {
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
    // A body that does not parse is not the right answer.
    return false;
  }
}

/**
 * Whether the JSON contains what is expected. `assert.partialDeepStrictEqual` will not do: it accepts lists with
 * missing elements, and it formats the difference for each wrong answer while the next request is due.
 */
function includes(actual: unknown, expected: unknown): boolean {
  if (typeof expected !== 'object' || expected === null) return actual === expected;
  if (typeof actual !== 'object' || actual === null || Array.isArray(actual) !== Array.isArray(expected)) return false;
  if (Array.isArray(actual) && actual.length !== Object.keys(expected).length) return false;
  return Object.entries(expected).every(([name, value]) => includes((actual as Record<string, unknown>)[name], value));
}
