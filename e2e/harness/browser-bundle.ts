import { fileURLToPath } from 'node:url';
import { type Plugin, rolldown } from 'rolldown';

/** What a browser lacks, and what the simulator needs of it. */
const REPLACED: Readonly<Record<string, string>> = {
  // A simulation brings its own transport.
  'http-transport': `export function httpTransport() { throw new Error('there is no HTTP transport in a browser'); }`,
  // Simulated servers have addresses, so no name is looked up.
  'node:dns/promises': `export function lookup() { throw new Error('there is no name server in a browser'); }`,
  'node:net': `export const isIP = (text) => (/^\\d+(\\.\\d+){3}$/.test(text) ? 4 : text.includes(':') ? 6 : 0);`,
};

/** What is replaced by a file of an installed package. */
const EVENTS = fileURLToPath(import.meta.resolve('events/'));

const browserReplacements: Plugin = {
  name: 'browser-replacements',
  resolveId(source) {
    if (source === 'events' || source === 'node:events') return `${EVENTS}events.js`;
    const name = source === './http-transport.ts' ? 'http-transport' : source;
    return name in REPLACED ? `\0${name}` : null;
  },
  load: (id) => REPLACED[id.slice(1)] ?? null,
};

/** Bundles a module for a browser. @returns a script that assigns the module's exports to a global variable of this name */
export async function bundleForBrowser(file: URL, name: string): Promise<string> {
  const bundle = await rolldown({ input: fileURLToPath(file), platform: 'browser', plugins: [browserReplacements] });
  try {
    const { output } = await bundle.generate({ format: 'iife', name });
    return output[0].code;
  } finally {
    await bundle.close();
  }
}
