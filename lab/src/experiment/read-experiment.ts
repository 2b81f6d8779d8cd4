import { isDeepStrictEqual } from 'node:util';
import { printable } from '../messages/printable.ts';
import { crossChecks, type Mistake as MemberMistake } from './cross-checks.ts';
import { explainAll, inWords } from './explain.ts';
import { type Experiment, experimentForm } from './format.ts';
import { rightParts } from './right-parts.ts';
import { inOurVoice } from './voice.ts';
import { readYaml } from './yaml-text.ts';

export interface Mistake {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  readonly message: string;
}

/** At most this many mistakes are listed. */
const MAX_LISTED = 50;

/** An experiment with mistakes. The message has one line per mistake: file, line, column and what is wrong. */
export class ExperimentError extends Error {
  override readonly name = 'ExperimentError';
  readonly mistakes: readonly Mistake[];

  constructor(mistakes: readonly Mistake[]) {
    const lines = mistakes
      .slice(0, MAX_LISTED)
      .map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`);
    const more = mistakes.length - lines.length;
    super([...lines, ...(more > 0 ? [`and ${more} more mistakes`] : [])].join('\n'));
    this.mistakes = mistakes;
  }
}

/** Checks that an experiment must also pass, beyond its own format. */
export type FurtherCheck = (experiment: Experiment) => readonly MemberMistake[];

/**
 * Reads an experiment.
 * @param file the path that mistakes name
 * @throws ExperimentError with every mistake, in the order of the file
 */
export function readExperiment(text: string, file: string, check?: FurtherCheck): Experiment {
  const { mistakes: syntax, value: raw, offsetOf, place } = readYaml(text);
  const mistakeAt = (offset: number, message: string): Mistake => ({
    file,
    ...place(offset),
    message: printable(message),
  });
  if (syntax.length > 0) throw new ExperimentError(syntax.map(({ offset, message }) => mistakeAt(offset, message)));
  if (raw === null || raw === undefined) throw new ExperimentError([mistakeAt(0, 'is empty')]);
  const parsed = experimentForm.safeParse(raw, { error: inOurVoice });
  const ofForm = parsed.success ? [] : explainAll(parsed.error.issues, raw);
  const further = [...crossChecks(rightParts(raw)), ...(parsed.success ? (check?.(parsed.data) ?? []) : [])]
    // What is wrong by itself need not fit the rest.
    .filter(({ path }) => !ofForm.some((one) => isDeepStrictEqual(one.path, path)))
    .map((one) => inWords(one, raw));
  const explained = [...ofForm, ...further];
  if (parsed.success && explained.length === 0) return parsed.data;
  const mistakes = explained.map(({ path, key, message }) => mistakeAt(offsetOf(path, key), message));
  throw new ExperimentError(mistakes.toSorted((a, b) => a.line - b.line || a.column - b.column));
}
