import { type Operation, PROBLEM_MEDIA_TYPE, problemSchema } from '@halfopen/contracts';
import { CallError, type CallErrorCode } from '@halfopen/resilience';
import type { TransportResponse } from './transport.ts';

const JSON_MEDIA_TYPE = /^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i;

/** We ask for no other encoding. */
const PLAIN = /^identity$/i;

/** Less of the deadline left than this: the other side, whose clock started a little later, may well have seen it pass. */
const TIME_IS_UP_MS = 50;

/** `fatal`: bytes that are not UTF-8 would become U+FFFD and pass as an answer. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * What an HTTP answer means under the contract: the operation's result, or the error that it is.
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
  if (!PLAIN.test(response.contentEncoding ?? 'identity'))
    throw failure('bad_response', 'encoded its answer', response);
  if (!JSON_MEDIA_TYPE.test(response.contentType ?? '')) throw failure('bad_response', 'did not answer JSON', response);
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

/** 504 with our own code, when our time is nearly up: the deadline that we sent along has passed there. Any other 504 is just a failure. */
function isOutOfTime({ status, contentType, body }: TransportResponse): boolean {
  if (status !== 504 || contentType?.startsWith(PROBLEM_MEDIA_TYPE) !== true) return false;
  try {
    return problemSchema.parse(JSON.parse(utf8.decode(body))).code === 'deadline_exceeded';
  } catch {
    return false;
  }
}

/** The body is never quoted: it may hold anything. */
function failure(code: CallErrorCode, what: string, { status, retryAfterMs }: TransportResponse): CallError {
  return new CallError(code, `the other side ${what} (status ${status})`, { sent: 'answered', status, retryAfterMs });
}
