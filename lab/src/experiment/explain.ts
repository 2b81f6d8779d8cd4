import { nearestName } from '@halfopen/service-kit';
import type { z } from 'zod';
import type { Mistake } from './cross-checks.ts';
import { knownMembers } from './json-schema.ts';
import { IN_WORDS } from './voice.ts';

/** Reports each mistake once: not again for the same member, and not for the member that contains it. */
function causes(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue[] {
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

/**
 * The mistakes of the form in words.
 *
 * A misspelt member and the missing one that it stands for are one mistake.
 * @param raw the experiment as it was written
 */
export function explainAll(issues: readonly z.core.$ZodIssue[], raw: unknown): Explained[] {
  const all = causes(issues);
  const misspelt = all.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? unknownMembers(issue.path, issue.keys, raw) : [],
  );
  const meant = new Set(misspelt.flatMap(({ meantPath }) => (meantPath === undefined ? [] : [pathText(meantPath)])));
  return [
    ...misspelt.map(({ explained }) => explained),
    ...all
      .filter(({ code, path }) => code !== 'unrecognized_keys' && !meant.has(pathText(path)))
      .flatMap((issue) => explain(issue, raw)),
  ];
}

function unknownMembers(path: readonly PropertyKey[], keys: readonly string[], raw: unknown) {
  const known = knownMembers(path, raw);
  const at = valueAt(raw, path);
  const given = typeof at === 'object' && at !== null ? Object.keys(at) : [];
  const free = known.filter((name) => !given.includes(name));
  return keys.map((key) => {
    const meant = nearestName(key, free);
    const names = known.length > 0 ? `; there are ${known.join(', ')}` : '';
    const instead = meant === undefined ? names : `; did you mean ${meant}?`;
    const explained: Explained = {
      path,
      key,
      message: `${pathText([...path, key])}: there is no such member${instead}`,
    };
    return { explained, meantPath: meant === undefined ? undefined : [...path, meant] };
  });
}

function explain(issue: z.core.$ZodIssue, raw: unknown): Explained[] {
  const { path } = issue;
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
    return [withValue(path, `must be ${takes}`, raw)];
  }
  return [withValue(path, issue.message, raw)];
}

/** What is wrong with a name, or with the value at a path, which is shown. */
export function inWords({ path, key, message }: Mistake, raw: unknown): Explained {
  if (key === undefined) return withValue(path, message, raw);
  return { path, key, message: `${pathText([...path, key])}: ${message}` };
}

function withValue(path: readonly PropertyKey[], message: string, raw: unknown): Explained {
  return { path, message: `${pathText(path)}: ${message}${shown(valueAt(raw, path), message)}` };
}

/** Longer values are cut when they are shown. Characters. */
const MAX_SHOWN = 80;

/** `, not 7` after what a value must be, ` (it is 7)` after any other message; nothing where the message says it already. */
function shown(value: unknown, message: string): string {
  if (value === undefined) return '';
  const saysMust = /^must be [^:;]*$/.test(message);
  if (typeof value === 'object' && value !== null) {
    return saysMust && !message.includes(', not ') ? `, not ${Array.isArray(value) ? 'a list' : 'a map'}` : '';
  }
  // JSON has no NaN and no Infinity.
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  if (
    message.startsWith(`${text} is not `) ||
    message.startsWith(`cannot be ${text}`) ||
    message.endsWith(`, not ${text}`)
  )
    return '';
  return saysMust ? `, not ${cut(text)}` : ` (it is ${cut(text)})`;
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
