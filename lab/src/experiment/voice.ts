import { nearestName } from '@halfopen/service-kit';
import type { z } from 'zod';

/** Types as people who write YAML call them. */
export const IN_WORDS: Readonly<Record<string, string>> = {
  object: 'a map',
  record: 'a map',
  array: 'a list',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

/** What the length of a value counts. */
const COUNTED: Readonly<Record<string, string>> = { string: 'characters', array: 'elements', record: 'members' };

/**
 * Says in this project's words what zod would say in its own. For members whose kind has no message.
 * @returns `undefined` where the caller words it itself
 */
export function inOurVoice(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'too_small':
      return bound(issue.origin, issue.minimum, issue.inclusive === false ? 'above' : 'at least');
    case 'too_big':
      return bound(issue.origin, issue.maximum, issue.inclusive === false ? 'below' : 'at most');
    case 'invalid_value':
      return choice(issue.input, issue.values);
    case 'invalid_union': {
      // `layer` of a method and `type` of a toxic decide which form is meant.
      const { discriminator, options, input } = issue as {
        discriminator?: string;
        options?: unknown[];
        input?: unknown;
      };
      if (discriminator !== undefined && options !== undefined)
        return choice((input as Record<string, unknown> | null)?.[discriminator], options);
      return `must be ${unionInWords(issue.errors ?? [])}`;
    }
    default:
      return undefined;
  }
}

function bound(origin: string, limit: number | bigint, words: string): string {
  const counted = COUNTED[origin];
  if (counted === undefined) return `must be ${words} ${limit}`;
  return `must have ${words} ${limit} ${limit === 1 ? counted.replace(/s$/, '') : counted}`;
}

/** What is wrong with a value that is none of the possible ones. */
export function choice(given: unknown, values: readonly unknown[]): string {
  const names = values.map(String);
  const one = names.length === 1 ? names[0] : `one of ${names.join(', ')}`;
  if (given === undefined) return `is missing; it takes ${one}`;
  const meant = typeof given === 'string' ? nearestName(given, names) : undefined;
  return meant === undefined
    ? `must be ${one}`
    : `cannot be ${JSON.stringify(given)}; did you mean ${JSON.stringify(meant)}?`;
}

/** `text or a number`: the types that a union takes. */
function unionInWords(branches: readonly (readonly z.core.$ZodIssue[])[]): string {
  const types = branches.flatMap(([first]) => (first?.code === 'invalid_type' ? [first.expected] : []));
  return types.length === 0 ? 'something else' : [...new Set(types.map((type) => IN_WORDS[type] ?? type))].join(' or ');
}
