import type { Expectation } from '../experiment/format.ts';
import { withNumber } from '../experiment/placeholders.ts';
import { printable } from '../messages/printable.ts';
import type { Answer } from './outcome.ts';

/** How much of a body is shown. Bytes. */
const SHOWN_BYTES = 200;

/** `expected status 200 and the JSON {"id":7}; got status 200, application/json, {"id":8}`. */
export function unexpected(
  answer: Answer,
  expect: Expectation,
  { arrival, secrets }: { readonly arrival: number; readonly secrets: readonly string[] },
): string {
  return `expected ${expectationWords(expect, arrival)}; got ${answerWords(answer, secrets)}`;
}

function expectationWords({ status, json, jsonIncludes, text }: Expectation, arrival: number): string {
  const body = (value: unknown) => shortened(withNumber(JSON.stringify(value), arrival));
  if (json !== undefined) return `status ${status} and the JSON ${body(json)}`;
  if (jsonIncludes !== undefined) return `status ${status} and JSON that includes ${body(jsonIncludes)}`;
  if (text !== undefined) return `status ${status} and the text ${body(text)}`;
  return `status ${status}`;
}

/** @param secrets values that must be in no result, even if the answer repeats them */
function answerWords({ status, contentType, body }: Answer, secrets: readonly string[]): string {
  const parts = [
    `status ${status}`,
    printable(contentType ?? 'no content-type'),
    body === '' ? 'an empty body' : shortened(secrets.reduce((text, secret) => text.replaceAll(secret, '***'), body)),
  ];
  return parts.join(', ');
}

/** The beginning of a text, on one line that no terminal obeys. */
function shortened(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ');
  const bytes = Buffer.from(line);
  if (bytes.length <= SHOWN_BYTES) return printable(line);
  // A character that was cut in two would end it.
  return `${printable(
    bytes
      .subarray(0, SHOWN_BYTES)
      .toString()
      .replace(/\uFFFD$/, ''),
  )}…`;
}
