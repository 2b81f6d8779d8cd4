import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type MarkedPart, withMarkedPart } from './text/marked-part.ts';

/** A committed file that is made from code or from measurements. */
export interface GeneratedFile {
  readonly file: URL;
  /** What messages call it: its path from the root of the repository. */
  readonly name: string;
}

/**
 * Compares a file with what it should be.
 * @param write writes the file where it differs
 * @returns what is wrong, in one line; `undefined` where nothing is, or nothing any more
 */
export function keepFile({ file, name }: GeneratedFile, made: string, write: boolean): string | undefined {
  if (existsSync(file) && readFileSync(file, 'utf8') === made) return undefined;
  if (!write) return `${name} is not what the code makes; \`pnpm fix\` writes it`;
  writeFileSync(file, made);
  return undefined;
}

/**
 * Compares the marked part of a page with what it should be.
 * @param write writes the page where the part differs
 * @returns what is wrong, in one line; `undefined` where nothing is, or nothing any more
 */
export function keepMarkedPart(page: GeneratedFile & MarkedPart, write: boolean): string | undefined {
  if (!existsSync(page.file)) return `${page.name} does not exist`;
  try {
    return keepFile(page, withMarkedPart(readFileSync(page.file, 'utf8'), page), write);
  } catch (error) {
    if (error instanceof RangeError) return `${page.name}: ${error.message}`;
    throw error;
  }
}

/** Reports what is wrong, one line each, and makes the process end with exit code 1 if anything is. */
export function reportMistakes(mistakes: readonly string[]): void {
  for (const mistake of mistakes) process.stderr.write(`${mistake}\n`);
  if (mistakes.length > 0) process.exitCode = 1;
}
