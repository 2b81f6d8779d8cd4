import { closestMatch } from 'leven';

/** A name with more letters wrong than this is another name. */
const MOST_WRONG_LETTERS = 3;
/** A shorter beginning fits too many names. Characters. */
const LEAST_BEGINNING = 4;

/**
 * The name that was probably meant: "did you mean". The case of letters does not count.
 * @param given a name that does not exist
 * @param known the names that exist
 * @returns the one with the fewest wrong letters, at most 3 and at most half of them; else the only one that begins as `given` does;
 *   `undefined` when no name is near
 */
export function nearestName(given: string, known: readonly string[]): string | undefined {
  const word = given.toLowerCase();
  const words = known.map((name) => name.toLowerCase());
  const maxDistance = Math.min(MOST_WRONG_LETTERS, Math.floor(word.length / 2));
  const near = closestMatch(word, words, { maxDistance });
  if (near !== undefined) return known[words.indexOf(near)];
  const alike = known.filter((_, index) => beginAlike(word, words[index] as string));
  return alike.length === 1 ? alike[0] : undefined;
}

function beginAlike(a: string, b: string): boolean {
  return Math.min(a.length, b.length) >= LEAST_BEGINNING && (a.startsWith(b) || b.startsWith(a));
}
