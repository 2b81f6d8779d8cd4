import { z } from 'zod';

/** Most characters in a name, as a person counts them: an emoji of five code points is one. */
export const NAME_MAX_CHARACTERS = 100;

/**
 * Most bytes in a name, in UTF-8. A character can be arbitrarily long (stacked accents), but a request line cannot: percent-encoded,
 * this many bytes fit into the 16 KiB that Node allows for headers at the next hop.
 */
export const NAME_MAX_BYTES = 4_096;

const characters = new Intl.Segmenter('und', { granularity: 'grapheme' });
const utf8 = new TextEncoder();

/** White space, and characters that show nothing (zero-width space, Hangul filler). A name of only these is blank. */
const BLANK = /^[\p{White_Space}\p{Default_Ignorable_Code_Point}]*$/u;
const CONTROL = /\p{Cc}/u;

function isSmallEnough(name: string): boolean {
  // A code unit takes three bytes at most. If that decides it, nothing is encoded.
  return name.length * 3 <= NAME_MAX_BYTES || utf8.encode(name).length <= NAME_MAX_BYTES;
}

function isShortEnough(name: string): boolean {
  // A short name needs no segmenting, which costs more than everything else here.
  if (name.length <= NAME_MAX_CHARACTERS) return true;
  let count = 0;
  for (const _ of characters.segment(name)) if (++count > NAME_MAX_CHARACTERS) return false;
  return true;
}

/** Whom to greet: any script, trimmed. */
export const nameSchema = z
  .string({ error: ({ input }) => (Array.isArray(input) ? 'must be given once' : 'must be text') })
  .refine((name) => name.isWellFormed(), { error: 'must be well-formed Unicode (no lone surrogates)', abort: true })
  .refine((name) => !CONTROL.test(name), { error: 'must not contain control characters', abort: true })
  .trim()
  .refine((name) => !BLANK.test(name), { error: 'must not be blank; leave it out to greet the world', abort: true })
  .refine(isSmallEnough, {
    error: `must be at most ${NAME_MAX_BYTES} bytes long in UTF-8`,
    abort: true,
  })
  .refine(isShortEnough, { error: `must be at most ${NAME_MAX_CHARACTERS} characters long`, abort: true })
  .meta({
    description: `Whom to greet: 1 to ${NAME_MAX_CHARACTERS} characters as a person counts them, at most ${NAME_MAX_BYTES} bytes in UTF-8, any script, no control characters. White space around it is removed. Leave it out to greet the world.`,
    examples: ['John'],
  });
