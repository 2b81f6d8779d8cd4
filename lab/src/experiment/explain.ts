import type { z } from 'zod';
import { knownMembers } from './json-schema.ts';

/** Reports each mistake once: not again for the same member, and not for the member that contains it. */
export function causes(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue[] {
  const isWithin = (outer: readonly PropertyKey[], inner: readonly PropertyKey[]) =>
    outer.every((part, index) => part === inner[index]);
  return issues.filter(
    (issue, index) =>
      !issues
        .slice(0, index)
        .some(
          ({ path }) => isWithin(issue.path, path) && (issue.code === 'custom' || path.length === issue.path.length),
        ),
  );
}

/** A mistake in words, and the member that it is in. */
export interface Explained {
  readonly path: readonly PropertyKey[];
  /** A member that should not be there. */
  readonly key?: string;
  readonly message: string;
}

/** Types as people who write YAML call them. */
const IN_WORDS: Readonly<Record<string, string>> = {
  object: 'a map',
  record: 'a map',
  array: 'a list',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
};

export function explain(issue: z.core.$ZodIssue, raw: unknown): Explained[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    const known = knownMembers(path, raw);
    return issue.keys.map((key) => ({
      path,
      key,
      message: `${pathText([...path, key])}: there is no such member${known.length > 0 ? `; there are ${known.join(', ')}` : ''}`,
    }));
  }
  if (issue.code === 'invalid_key') {
    // The name is wrong, not the value.
    const [parent, key] = [path.slice(0, -1), String(path.at(-1))];
    return issue.issues.map(({ message }) => ({
      path: parent,
      key,
      message: `${pathText(path)}: the name ${message}`,
    }));
  }
  const value = valueAt(raw, path);
  if (issue.code === 'invalid_type') {
    const takes = IN_WORDS[issue.expected] ?? issue.expected;
    if (value === undefined) return [{ path, message: `${pathText(path)}: is missing; it takes ${takes}` }];
    const is = Array.isArray(value) ? ', not a list' : typeof value === 'object' && value !== null ? ', not a map' : '';
    return [withValue(path, `must be ${takes}${is}`, raw)];
  }
  return [withValue(path, issue.message, raw)];
}

export function withValue(path: readonly PropertyKey[], message: string, raw: unknown): Explained {
  return { path, message: `${pathText(path)}: ${message}${shown(valueAt(raw, path), message)}` };
}

/** Longer values are cut when they are shown. Characters. */
const MAX_SHOWN = 80;

/** ` (it is 7)`, unless the message already says it or the value is too large to show. */
function shown(value: unknown, message: string): string {
  if (value === undefined || (typeof value === 'object' && value !== null)) return '';
  // JSON has no NaN and no Infinity.
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  if (message.startsWith(`${text} is not `) || message.endsWith(`, not ${text}`)) return '';
  return ` (it is ${cut(text)})`;
}

function cut(text: string): string {
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`;
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce((value, part) => (value as Record<PropertyKey, unknown> | null | undefined)?.[part], raw);
}

/** A path as messages write it: `load.mix[0].headers`. */
function pathText(path: readonly PropertyKey[]): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${cut(String(part))}`)).join('');
  return text.replace(/^\./, '') || 'the experiment';
}
