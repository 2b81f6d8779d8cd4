import { z } from 'zod';

/** Most characters of a name, as a person counts them: an emoji of five code points is one. */
export const NAME_MAX_CHARACTERS = 100;

/**
 * Most bytes of a name in UTF-8. A "character" may be arbitrarily long (stacked accents), a request line may not:
 * percent-encoded, this still fits into Node's 16 KiB of headers at the next hop.
 */
export const NAME_MAX_BYTES = 4_096;

const characters = new Intl.Segmenter('und', { granularity: 'grapheme' });
const utf8 = new TextEncoder();

/** White space and characters that show nothing (zero-width space, Hangul filler): a name of only these is blank. */
const BLANK = /^[\p{White_Space}\p{Default_Ignorable_Code_Point}]*$/u;
const CONTROL = /\p{Cc}/u;

function isSmallEnough(name: string): boolean {
  // No code unit takes more than three bytes: nothing is encoded where that is answer enough.
  return name.length * 3 <= NAME_MAX_BYTES || utf8.encode(name).length <= NAME_MAX_BYTES;
}

function isShortEnough(name: string): boolean {
  // No segmenting where the answer is plain: it costs more than everything else here.
  if (name.length <= NAME_MAX_CHARACTERS) return true;
  let count = 0;
  for (const _ of characters.segment(name)) if (++count > NAME_MAX_CHARACTERS) return false;
  return true;
}

/** Whom to greet. Any script. Trimmed. */
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
    description: `Whom to greet: 1 to ${NAME_MAX_CHARACTERS} characters as a person counts them, at most ${NAME_MAX_BYTES} bytes in UTF-8, any script, no control characters; white space around it is dropped. Leave it out to greet the world.`,
    examples: ['John'],
  });
