import type { z } from 'zod';
import { expectsOf } from './kinds.ts';
import { distributions } from './latency.ts';
import { faultSchema, planSchema } from './schema.ts';

/** What the reference page says about one member of a plan. */
export interface MemberDescription {
  readonly name: string;
  /** The accepted values, in words. */
  readonly expects: string;
  /** The default as JSON; `undefined` if there is none. */
  readonly fallback: string | undefined;
  readonly required: boolean;
  readonly description: string;
}

/** Every member of a plan, of a fault, and of each distribution of delays, for the reference page. */
export function planMembers() {
  return {
    plan: membersOf(planSchema),
    fault: membersOf(faultSchema),
    distributions: distributions.map((schema) => {
      const { distribution, ...parameters } = schema.shape as z.ZodRawShape;
      const { values } = (distribution as z.ZodLiteral).def;
      return { name: String(values[0]), members: Object.entries(parameters).map(describe) };
    }),
  };
}

function membersOf(schema: z.ZodObject): MemberDescription[] {
  return Object.entries(schema.shape).map(describe);
}

function describe([name, schema]: [string, z.core.$ZodType]): MemberDescription {
  const type = schema as z.ZodType;
  const missing = type.safeParse(undefined);
  return {
    name,
    expects: expectsOf(type),
    fallback: missing.success && missing.data !== undefined ? JSON.stringify(missing.data) : undefined,
    required: !missing.success,
    description: type.description ?? '',
  };
}
