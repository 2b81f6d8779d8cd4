import type { z } from 'zod';
import { publishedSchema } from '../published-schema.ts';
import { experimentSchema } from './format.ts';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** The published schema of an experiment: what an editor completes from and checks against. */
export function experimentJsonSchema(): JsonSchema {
  return publishedSchema(experimentSchema, 'Experiment of Halfopen', 'input');
}

/** The names of the members that may stand under a path. */
export function knownMembers(path: readonly PropertyKey[]): string[] {
  let schemas: JsonSchema[] = [experimentJsonSchema()];
  for (const part of path) {
    schemas = schemas.flatMap(alternatives).flatMap((schema) => {
      if (typeof part === 'number') return asSchemas(schema.items);
      return asSchemas(schema.properties?.[String(part)] ?? schema.additionalProperties);
    });
  }
  return [...new Set(schemas.flatMap(alternatives).flatMap((schema) => Object.keys(schema.properties ?? {})))];
}

function alternatives(schema: JsonSchema): JsonSchema[] {
  return [schema, ...asSchemas(schema.anyOf), ...asSchemas(schema.oneOf)];
}

function asSchemas(value: unknown): JsonSchema[] {
  return [value].flat().filter((one) => typeof one === 'object' && one !== null) as JsonSchema[];
}
