import { readFileSync, writeFileSync } from 'node:fs';
import type { Provenance } from '../../packages/figures/src/provenance.ts';
import type { Figures } from './measurement.ts';

/** What the last run has measured, as it was measured: every figure under "Anti-patterns" is made from this. */
export interface Measured {
  readonly provenance: Provenance;
  /** Of the libraries that are used naively. */
  readonly versions: Readonly<Record<string, string>>;
  /** By the measurement's id. */
  readonly figures: Readonly<Record<string, Figures>>;
}

const FILE = new URL('../../docs/policies/measured.json', import.meta.url);

export const readMeasured = () => JSON.parse(readFileSync(FILE, 'utf8')) as Measured;

export const writeMeasured = (measured: Measured) => writeFileSync(FILE, `${JSON.stringify(measured, undefined, 1)}\n`);

const LIBRARIES = ['axios', 'axios-retry', 'cockatiel', 'opossum'];

/** Of the libraries that are used naively, as they are installed. */
export function installedVersions(): Record<string, string> {
  return Object.fromEntries(
    LIBRARIES.map((name) => {
      // Read, not required: some of them export no package.json.
      const manifest = readFileSync(new URL(`../../node_modules/${name}/package.json`, import.meta.url), 'utf8');
      return [name, (JSON.parse(manifest) as { readonly version: string }).version];
    }),
  );
}
