/** The longest part of a bad value that an answer quotes. */
const QUOTED_CHARACTERS = 50;

/** A bad value as JSON, cut off where it is long, for the answer to the caller who sent it. */
export function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= QUOTED_CHARACTERS ? text : `${text.slice(0, QUOTED_CHARACTERS).toWellFormed()}…`;
}
