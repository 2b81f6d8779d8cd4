import { type Operation, PROBLEM_MEDIA_TYPE, problemSchema, trimOws } from '@halfopen/contracts';
import { CallError, type CallErrorCode } from '@halfopen/resilience';
import { parseMediaType } from './media-type.ts';
import type { TransportResponse } from './transport.ts';

/** Other parameters of JSON mean nothing (RFC 8259 §11). Neither does a charset, but one that is not UTF-8 contradicts the RFC. */
function isJson(contentType: string | undefined): boolean {
  // Nearly every answer, without parsing.
  if (contentType === 'application/json' || contentType === 'application/json; charset=utf-8') return true;
  const type = parseMediaType(contentType);
  return type?.essence === 'application/json' && /^utf-8$/i.test(type.parameters.get('charset') ?? 'utf-8');
}

/** No content coding: an empty list, or `identity` (RFC 9110 §8.4.1, §5.6.1). The request accepts nothing else. */
const isPlain = (contentEncoding: string | undefined) =>
  contentEncoding === undefined ||
  contentEncoding.split(',').every((coding) => /^(?:identity)?$/i.test(trimOws(coding)));

/** With less than this left of the deadline, the downstream may have seen it pass: its clock started a little later. */
const TIME_IS_UP_MS = 50;

/** `fatal`, because bytes that are not UTF-8 would become U+FFFD and pass as an answer. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads an HTTP answer by the contract: returns the operation's result, or throws the error that the answer means.
 * @param leftMs what is left of the call's deadline
 * @throws CallError `bad_response`, `remote_error`, `remote_refused`, `overloaded` or `deadline_exceeded`
 */
export function readResponse(operation: Operation, response: TransportResponse, leftMs: number): unknown {
  const { status } = response;
  if (status === 200) return readResult(operation, response);
  if (status === 429) throw failure('overloaded', 'asked us to send less', response);
  if (status >= 400 && status < 500) throw failure('remote_refused', 'refused our request', response);
  if (leftMs < TIME_IS_UP_MS && isOutOfTime(response)) throw failure('deadline_exceeded', 'had no time left', response);
  if (status >= 500) throw failure('remote_error', 'failed', response);
  throw failure('bad_response', 'answered with a status that is not in the contract', response);
}

function readResult(operation: Operation, response: TransportResponse): unknown {
  if (!isPlain(response.contentEncoding))
    throw failure('bad_response', 'answered in a content coding, though the request accepts only identity', response);
  if (!isJson(response.contentType)) throw failure('bad_response', 'did not answer JSON', response);
  let json: unknown;
  try {
    json = JSON.parse(utf8.decode(response.body));
  } catch {
    throw failure('bad_response', 'answered malformed JSON', response);
  }
  const result = operation.response.safeParse(json);
  if (result.success) return result.data;
  const fields = result.error.issues.map(({ path }) => path.join('.') || 'the whole body').join(', ');
  throw failure('bad_response', `broke the contract of ${operation.name} in: ${fields}`, response);
}

/** A 504 with our own code, when our time is nearly up: the deadline that we sent has passed there. Any other 504 is a failure. */
function isOutOfTime({ status, contentType, body }: TransportResponse): boolean {
  if (status !== 504 || parseMediaType(contentType)?.essence !== PROBLEM_MEDIA_TYPE) return false;
  try {
    return problemSchema.parse(JSON.parse(utf8.decode(body))).code === 'deadline_exceeded';
  } catch {
    return false;
  }
}

/** Never quotes the body, which may hold anything. */
function failure(code: CallErrorCode, what: string, { status, retryAfterMs }: TransportResponse): CallError {
  return new CallError(code, `the other side ${what} (status ${status})`, { sent: 'answered', status, retryAfterMs });
}
