import { readFileSync, writeFileSync } from 'node:fs';

/** A part of a Markdown file that is made from the code, between two marker lines. */
export interface GeneratedPart {
  readonly file: URL;
  /** The file in a message: `README.md`. */
  readonly name: string;
  readonly begin: string;
  readonly end: string;
  /** What must stand between the markers. */
  readonly lines: readonly string[];
}

/**
 * Compares the part with what it should be; with `write`, writes it.
 * @returns what is wrong, in a line; `undefined` where nothing is, or no longer
 */
export function keepGenerated({ file, name, begin, end, lines }: GeneratedPart, write: boolean): string | undefined {
  const text = readFileSync(file, 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) return `${name} needs the lines ${begin} and ${end}`;
  const made = `${text.slice(0, from + begin.length)}\n${lines.join('\n')}\n${text.slice(to)}`;
  if (made === text) return undefined;
  if (!write) return `${name}: what stands after ${begin} is not what the code says; \`pnpm fix\` writes it`;
  writeFileSync(file, made);
  return undefined;
}
