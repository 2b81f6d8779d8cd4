import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The folder of the repository. */
export const ROOT = new URL('../../', import.meta.url);

/**
 * The services of the composed system, in the order in which they start: a service stands after those it calls. The one
 * list of services by name: what `pnpm start` runs, and what docs/settings.md and docs/policies describe.
 */
export const SERVICES = ['greeter', 'edge'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** What a service's start script runs. */
export interface StartScript {
  /** Path of the script. */
  readonly main: string;
  /** Flags for Node. */
  readonly nodeFlags: readonly string[];
}

/**
 * Reads the `start` script of a service's own package.json, so that whoever runs the service runs what is shipped.
 * @param name a folder of services/
 * @throws Error when the script is not `node <flags> <file>`
 */
export function startScriptOf(name: string): StartScript {
  const folder = new URL(`services/${name}/`, ROOT);
  const { scripts } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')) as {
    readonly scripts?: { readonly start?: string };
  };
  const [node, ...words] = scripts?.start?.split(' ') ?? [];
  const nodeFlags = words.slice(0, -1);
  const main = fileURLToPath(new URL(words.at(-1) ?? '', folder));
  if (node !== 'node' || nodeFlags.some((word) => !word.startsWith('--')) || !existsSync(main)) {
    throw new Error(
      `the start script of ${name} must be: node <flags> <file>; it is ${JSON.stringify(scripts?.start)}`,
    );
  }
  return { main, nodeFlags };
}
