import { type Document, isAlias, isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { z } from 'zod';
import type { Mistake as MemberMistake } from './cross-checks.ts';
import { type Experiment, experimentSchema } from './format.ts';
import { knownMembers } from './json-schema.ts';

export interface Mistake {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  readonly message: string;
}

/** An experiment that is not one. Its message has a line for each mistake: file, line, column, what is wrong. */
export class ExperimentError extends Error {
  override readonly name = 'ExperimentError';
  readonly mistakes: readonly Mistake[];

  constructor(mistakes: readonly Mistake[]) {
    super(mistakes.map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`).join('\n'));
    this.mistakes = mistakes;
  }
}

/** What else must be so of an experiment that is right by itself. */
export type FurtherCheck = (experiment: Experiment) => readonly MemberMistake[];

/**
 * Reads an experiment.
 * @param file as it is to be named in mistakes
 * @throws ExperimentError with every mistake, in the order of the file
 */
export function readExperiment(text: string, file: string, check?: FurtherCheck): Experiment {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const mistakeAt = (offset: number, message: string): Mistake => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col, message };
  };
  const syntax = [...document.errors, ...document.warnings];
  if (syntax.length > 0) throw new ExperimentError(syntax.map(({ pos, message }) => mistakeAt(pos[0], message)));
  const raw: unknown = document.toJS();
  const parsed = experimentSchema.safeParse(raw);
  const explained = parsed.success
    ? (check?.(parsed.data) ?? []).map(({ path, message }) => withValue(path, message, raw))
    : causes(parsed.error.issues).flatMap((issue) => explain(issue, raw));
  if (parsed.success && explained.length === 0) return parsed.data;
  const mistakes = explained.map(({ path, key, message }) => mistakeAt(offsetOf(document, path, key), message));
  throw new ExperimentError(mistakes.toSorted((a, b) => a.line - b.line || a.column - b.column));
}

/** One mistake is said once: of a member not again, nor of what it is in as a whole. */
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

interface Explained {
  readonly path: readonly PropertyKey[];
  /** A member that is there and should not be. */
  readonly key?: string;
  readonly message: string;
}

function explain(issue: z.core.$ZodIssue, raw: unknown): Explained[] {
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
    // The name is what is wrong, not what it stands for.
    const [parent, key] = [path.slice(0, -1), String(path.at(-1))];
    return issue.issues.map(({ message }) => ({
      path: parent,
      key,
      message: `${pathText(path)}: the name ${message}`,
    }));
  }
  const value = valueAt(raw, path);
  if (value === undefined && issue.code === 'invalid_type') {
    return [{ path, message: `${pathText(path)}: is missing; it takes ${issue.expected}` }];
  }
  return [withValue(path, issue.message, raw)];
}

function withValue(path: readonly PropertyKey[], message: string, raw: unknown): Explained {
  return { path, message: `${pathText(path)}: ${message}${shown(valueAt(raw, path), message)}` };
}

/** Longer values are cut off where they are shown. Characters. */
const MAX_SHOWN = 80;

/** ` (it is 7)`, unless a person can see it already, or would not want to. */
function shown(value: unknown, message: string): string {
  if (value === undefined || (typeof value === 'object' && value !== null)) return '';
  // What is no number, and more than all of them, is nothing in JSON.
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  if (message.startsWith(`${text} is not `) || message.endsWith(`, not ${text}`)) return '';
  return ` (it is ${text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`})`;
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce((value, part) => (value as Record<PropertyKey, unknown> | null | undefined)?.[part], raw);
}

/** A path as mistakes name it: `load.mix[0].headers`. */
function pathText(path: readonly PropertyKey[]): string {
  const text = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return text.replace(/^\./, '') || 'the experiment';
}

/** Where the member stands in the text; a missing one stands where its parent does. */
function offsetOf(document: Document.Parsed, path: readonly PropertyKey[], key?: string): number {
  let node: Node | null | undefined = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const part of key === undefined ? path : [...path, key]) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(part),
      );
      if (pair === undefined) return offset;
      const name = pair.key as Node;
      offset = name.range?.[0] ?? offset;
      node = pair.value as Node | null;
      const isLast = part === path.at(-1);
      // The value is where the eye must go, unless it is a block: then its name is.
      if (key === undefined && isLast && isScalar(node)) offset = node.range?.[0] ?? offset;
    } else if (isSeq(node)) {
      node = node.items[Number(part)] as Node | undefined;
      offset = node?.range?.[0] ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}
