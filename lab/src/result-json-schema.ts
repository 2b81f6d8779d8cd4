import { z } from 'zod';
import { experimentResult } from './result.ts';

/** The published schema of `result.json`. */
export function resultJsonSchema(): z.core.JSONSchema.BaseSchema {
  return { ...z.toJSONSchema(experimentResult), title: 'Result of an experiment of Halfopen' };
}
