/** Longest part of a bad value that is quoted back. */
const QUOTED_CHARACTERS = 50;

/** A value that a caller sent, as it is quoted back. */
export function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= QUOTED_CHARACTERS ? text : `${text.slice(0, QUOTED_CHARACTERS).toWellFormed()}…`;
}
