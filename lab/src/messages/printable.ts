/** Longer messages are cut. Characters. */
const MAX_MESSAGE = 1_000;

/** Makes a message that may quote a file safe for a terminal: without control characters, and of limited length. */
export function printable(message: string): string {
  const text = message.replace(/\p{Cc}/gu, '\uFFFD');
  return text.length <= MAX_MESSAGE ? text : `${text.slice(0, MAX_MESSAGE)}…`;
}
