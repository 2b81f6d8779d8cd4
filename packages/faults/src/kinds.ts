import { z } from 'zod';

/** The longest quoted value, in characters. */
const MAX_QUOTED = 60;

/**
 * The kinds of members of a plan. The reference page and the error messages describe the accepted values in the same
 * words.
 */
export const kind = {
  wholeNumber: (min: number, max: number, unit = '') => {
    const expects = `a whole number${unit === '' ? '' : ` of ${unit}`} from ${min} to ${max}`;
    const isGood = (value: number) => Number.isSafeInteger(value) && value >= min && value <= max;
    return number(isGood, expects, { type: 'integer', minimum: min, maximum: max });
  },
  milliseconds: (min: number, max: number) =>
    number((value) => value >= min && value <= max, `milliseconds from ${min} to ${max}`, {
      minimum: min,
      maximum: max,
    }),
  share: () => number((value) => value >= 0 && value <= 1, 'a number from 0 to 1', { minimum: 0, maximum: 1 }),
  positiveShare: () =>
    number((value) => value > 0 && value <= 1, 'a number above 0, at most 1', { exclusiveMinimum: 0, maximum: 1 }),
  between: (min: number, max: number) =>
    number((value) => value >= min && value <= max, `a number from ${min} to ${max}`, { minimum: min, maximum: max }),
  /** Present or absent. `false` is refused, because it would be a fault that does nothing. */
  flag: () => z.literal(true, { error: complaint('true, or left out') }).meta({ expects: 'true' }),
  /** A number, or `true` for a usual value. */
  numberOrFlag: (numeric: z.ZodType<number>, usual: number) => {
    const expects = `${expectsOf(numeric)}; \`true\` stands for ${usual}`;
    const flag = z.literal(true).transform(() => usual);
    return z.union([flag, numeric], { error: complaint(expects) }).meta({ expects });
  },
  text: (pattern: RegExp, expects: string) => {
    const error = complaint(expects);
    return z.string({ error }).regex(pattern, { error }).meta({ expects });
  },
};

/** The error message for a value: names the value and what is accepted. */
export function complaint(expects: string): (issue: { readonly input?: unknown }) => string {
  return ({ input }) =>
    input === undefined ? `is missing: it must be ${expects}` : `must be ${expects}, not ${quote(input)}`;
}

/** The values that a kind accepts, in words. Looks through `optional` and `default`. */
export function expectsOf(schema: z.ZodType): string {
  const { expects } = (schema.meta() ?? {}) as { expects?: string };
  if (expects !== undefined) return expects;
  const { innerType } = schema.def as { innerType?: z.ZodType };
  return innerType === undefined ? '' : expectsOf(innerType);
}

/** A value as JSON, cut off if it is long. */
export function quote(value: unknown): string {
  const text = textOf(value);
  return text.length <= MAX_QUOTED ? text : `${text.slice(0, MAX_QUOTED)}…`;
}

function textOf(value: unknown): string {
  // `JSON.parse` reads 1e999 as Infinity, and `JSON.stringify` would write that as null.
  if (typeof value === 'number') return String(value);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    // `JSON.parse` accepts any depth, but `JSON.stringify` overflows the stack after some thousand levels.
    return 'a value that is nested too deeply to be quoted';
  }
}

/** @param bounds the same as `isGood`, for generated JSON schemas: they do not show custom checks */
function number(isGood: (value: number) => boolean, expects: string, bounds: Readonly<Record<string, unknown>>) {
  const error = complaint(expects);
  return z
    .number({ error })
    .refine(isGood, { error })
    .meta({ ...bounds, expects });
}
