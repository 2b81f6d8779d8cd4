import type { z } from 'zod';
import { quote } from './kinds.ts';

/** The most mistakes that are listed. Nobody reads more, and the answer must not grow larger than the plan. */
const MAX_LISTED = 50;

export interface Mistake {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** The mistakes that zod found, with the path of each. */
export function mistakesOf(error: z.ZodError): Mistake[] {
  return error.issues.flatMap((issue) => flatten(issue));
}

function flatten(issue: z.core.$ZodIssue): Mistake[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: issue.path, message: `has no member ${quote(key)}` }));
  }
  // A value that fits neither branch of a union: if it resembles one branch, the mistakes within that branch say more.
  const begun = issue.code === 'invalid_union' ? issue.errors.find((errors) => errors.some(isInside)) : undefined;
  if (begun !== undefined) {
    return begun.flatMap(flatten).map(({ path, message }) => ({ path: [...issue.path, ...path], message }));
  }
  return [issue];
}

function isInside(issue: z.core.$ZodIssue): boolean {
  return issue.path.length > 0 || issue.code === 'unrecognized_keys';
}

/**
 * All mistakes in one line: `faults[0].rate: must be a number from 0 to 1, not 2; …`.
 * @param whole the name of the whole, for mistakes without a path
 */
export function listMistakes(mistakes: readonly Mistake[], whole: string): string {
  const listed = mistakes.slice(0, MAX_LISTED).map(({ path, message }) => `${pathOf(path) || whole}: ${message}`);
  const more = mistakes.length - listed.length;
  return [...listed, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

function pathOf(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}
