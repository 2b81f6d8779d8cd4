import type { z } from 'zod';
import { publishedSchema } from '../json-schema/published-schema.ts';
import { experimentForm } from './format.ts';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** The published schema of an experiment, which editors use to complete and check. */
export function experimentJsonSchema(): JsonSchema {
  return publishedSchema(experimentForm, 'Experiment of Halfopen', 'input');
}

/** It takes long to make, and a file may have many unknown members. */
let madeOnce: JsonSchema | undefined;

/**
 * The members that are allowed at a path.
 * @param raw what was written; when forms differ in one member, such as `layer`, it says which form is meant
 */
export function knownMembers(path: readonly PropertyKey[], raw: unknown): string[] {
  madeOnce ??= experimentJsonSchema();
  let schemas = alternatives(madeOnce, raw);
  let value = raw;
  for (const part of path) {
    value = (value as Record<PropertyKey, unknown> | null | undefined)?.[part];
    schemas = schemas.flatMap((schema) => {
      const inner =
        typeof part === 'number' ? schema.items : (schema.properties?.[String(part)] ?? schema.additionalProperties);
      return asSchemas(inner).flatMap((one) => alternatives(one, value));
    });
  }
  return [...new Set(schemas.flatMap((schema) => Object.keys(schema.properties ?? {})))];
}

/** The forms that a value may have, without those that the value contradicts. */
function alternatives(schema: JsonSchema, value: unknown): JsonSchema[] {
  const forms = [...asSchemas(schema.anyOf), ...asSchemas(schema.oneOf)].filter((form) => !contradicts(form, value));
  return [schema, ...forms.flatMap((form) => alternatives(form, value))];
}

function contradicts({ properties = {} }: JsonSchema, value: unknown): boolean {
  return Object.entries(properties).some(
    ([name, member]) =>
      typeof member === 'object' &&
      member.const !== undefined &&
      member.const !== (value as Record<string, unknown> | null | undefined)?.[name],
  );
}

function asSchemas(value: unknown): JsonSchema[] {
  return [value].flat().filter((one) => typeof one === 'object' && one !== null) as JsonSchema[];
}
