import type { z } from 'zod';
import { publishedSchema } from '../json-schema/published-schema.ts';
import { experimentResult } from './result.ts';

/** The published schema of `result.json`. */
export function resultJsonSchema(): z.core.JSONSchema.BaseSchema {
  return publishedSchema(experimentResult, 'Result of an experiment of Halfopen', 'output');
}
