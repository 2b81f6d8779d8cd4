import { readFileSync, writeFileSync } from 'node:fs';
import type { Provenance } from '@halfopen/figures/provenance';
import type { Figures } from './measurement.ts';

/** The results of the last `pnpm measure:anti-patterns`. The tables in docs/policies are generated from them. */
export interface Measured {
  readonly provenance: Provenance;
  /** The installed version of each library that is used naively. */
  readonly versions: Readonly<Record<string, string>>;
  /** By the id of the measurement. */
  readonly figures: Readonly<Record<string, Figures>>;
}

const FILE = new URL('../../docs/policies/measured.json', import.meta.url);

export const readMeasured = () => JSON.parse(readFileSync(FILE, 'utf8')) as Measured;

export const writeMeasured = (measured: Measured) => writeFileSync(FILE, `${JSON.stringify(measured, undefined, 1)}\n`);

const LIBRARIES = ['axios', 'axios-retry', 'cockatiel', 'opossum'];

/** The installed version of each library that is used naively. */
export function installedVersions(): Record<string, string> {
  return Object.fromEntries(
    LIBRARIES.map((name) => {
      // Not `require`: some of these libraries do not export their package.json.
      const manifest = readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), 'utf8');
      return [name, (JSON.parse(manifest) as { readonly version: string }).version];
    }),
  );
}
