import { z } from 'zod';

/** The `format` names of JSON Schema 2020-12 that we use. */
const FORMATS: readonly (string | undefined)[] = ['date-time'];

/**
 * A JSON Schema for other validators. Zod also writes format names of its own (`base64`, `starts_with`), which strict
 * validators reject; the pattern beside each of them says the same.
 * @param io `input`: members with a default are optional
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
      // A keyword of ours, for messages and reference pages.
      delete jsonSchema.expects;
    },
  });
  return { ...made, title };
}
