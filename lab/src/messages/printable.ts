/** The most of a message that is said. Characters. */
const MAX_MESSAGE = 1_000;

/** What goes to a terminal and may quote whatever is in a file: no terminal obeys it, and it ends. */
export function printable(message: string): string {
  const text = message.replace(/\p{Cc}/gu, '\uFFFD');
  return text.length <= MAX_MESSAGE ? text : `${text.slice(0, MAX_MESSAGE)}…`;
}
