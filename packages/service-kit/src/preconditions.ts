import type { IncomingMessage } from 'node:http';
import { HttpProblem } from './http-problem.ts';

/** One entity tag of a list (RFC 9110 §8.8.3). A comma may be a part of it, and a space does no harm. */
const ENTITY_TAG = /(?:W\/)?"[\x20\x21\x23-\x7e\x80-\xff]*"/g;

/** A whole list of them, which may have empty elements (§5.6.1.2). Anything else matches nothing. */
const ENTITY_TAGS = /^[\t ,]*(?:(?:W\/)?"[\x20\x21\x23-\x7e\x80-\xff]*"[\t ]*(?:,[\t ,]*|$))*$/;

/**
 * Evaluates If-Match and If-None-Match in the order of RFC 9110 §13.2.2. Call it only where the request would otherwise
 * succeed (§13.2.1). There are no modification dates here, so conditions on dates are ignored (§13.1.3, §13.1.4).
 * @param etag the entity tag of the present representation; `undefined` if it has none
 * @returns `perform`: answer as if there were no condition; `not modified`: answer 304
 * @throws HttpProblem 412 if the method must not be performed
 */
export function checkPreconditions(
  { method, headers }: Pick<IncomingMessage, 'method' | 'headers'>,
  etag: string | undefined,
): 'perform' | 'not modified' {
  const ifMatch = headers['if-match'];
  if (ifMatch !== undefined && !matches(ifMatch, etag, 'strong')) throw failed('If-Match');
  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch === undefined || !matches(ifNoneMatch, etag, 'weak')) return 'perform';
  if (method === 'GET' || method === 'HEAD') return 'not modified';
  throw failed('If-None-Match');
}

/** `*` stands for any representation, and there is one. A weak tag matches nothing in a strong comparison (§8.8.3.2). */
function matches(condition: string, etag: string | undefined, comparison: 'strong' | 'weak'): boolean {
  if (condition.trim() === '*') return true;
  if (etag === undefined) return false;
  const tags: readonly string[] = (ENTITY_TAGS.test(condition) && condition.match(ENTITY_TAG)) || [];
  return comparison === 'strong'
    ? !etag.startsWith('W/') && tags.includes(etag)
    : tags.some((tag) => tag.replace('W/', '') === etag.replace('W/', ''));
}

function failed(field: string): HttpProblem {
  return new HttpProblem('bad_request', `the precondition ${field} is not met`, {
    status: 412,
    title: 'Precondition failed',
  });
}
