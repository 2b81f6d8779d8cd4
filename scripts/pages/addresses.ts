/** Addresses in pages that would reach somebody else's program. Nothing is fetched. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from '@halfopen/runner';
import type { Keep } from '../page.ts';
import { isSkipped } from './links.ts';

/** Checks the addresses of every page. Nothing is written. */
export const checkAddresses: Keep = async () => ambiguousAddresses(fileURLToPath(ROOT));

/**
 * Finds `localhost` with a port in the Markdown files under a folder. Services listen on 127.0.0.1; where `localhost` is ::1 first, another
 * program may answer there: a Mac's AirPlay Receiver on 5000, or a development server.
 * @returns one line for each: its file, its line and what to write
 */
export function ambiguousAddresses(root: string): string[] {
  const pages = globSync('**/*.md', { cwd: root, exclude: (name) => isSkipped(name, root) }).toSorted();
  return pages.flatMap((page) =>
    readFileSync(join(root, page), 'utf8')
      .split('\n')
      .flatMap((line, index) =>
        // A port may be a variable of the shell.
        [...line.matchAll(/\blocalhost:(?:\d+|\$\w+)/g)].map(
          ([address]) => `${page}:${index + 1}: ${address}: write ${address.replace('localhost', '127.0.0.1')}`,
        ),
      ),
  );
}
