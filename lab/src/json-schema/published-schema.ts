import { z } from 'zod';

/** What JSON Schema 2020-12 calls a format, of those that we use. */
const FORMATS: readonly (string | undefined)[] = ['date-time'];

/**
 * A schema for others to check with. Zod names formats of its own (`base64`, `starts_with`), which a strict validator refuses to know;
 * the pattern beside each says the same.
 * @param io `input`: what has a default need not be there
 */
export function publishedSchema(
  schema: z.ZodType,
  title: string,
  io: 'input' | 'output',
): z.core.JSONSchema.BaseSchema {
  const made = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      if (!FORMATS.includes(jsonSchema.format)) delete jsonSchema.format;
      // A word of ours, for messages and reference pages.
      delete jsonSchema.expects;
    },
  });
  return { ...made, title };
}
