import { readFileSync } from 'node:fs';

const LIBRARIES = ['axios', 'axios-retry', 'cockatiel', 'express', 'got', 'ky', 'opossum', 'pino-http', 'undici'];

/** Of the libraries that are measured. */
export function versions(): Record<string, string> {
  return Object.fromEntries(
    LIBRARIES.map((name) => {
      // Read, not required: some of them export no package.json.
      const manifest = readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), 'utf8');
      return [name, (JSON.parse(manifest) as { readonly version: string }).version];
    }),
  );
}
