import { resolve } from 'node:path';
import process from 'node:process';

/**
 * Where the command was typed: what the paths on its command line are relative to. It differs from the working folder when pnpm runs the
 * command elsewhere (`pnpm --dir`).
 */
export const typedIn: string = process.env.INIT_CWD ?? process.cwd();

/** The absolute path of a path that the user typed. */
export function typedPath(path: string): string {
  return resolve(typedIn, path);
}
