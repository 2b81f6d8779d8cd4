import { type Provenance, provenanceOf } from '@halfopen/figures/provenance';

/** What our edge is made of, and the package that brings it. */
const LIBRARIES = {
  axios: 'packages/client',
  undici: 'packages/client',
  opossum: 'packages/resilience',
  express: 'packages/service-kit',
};

/** Where and when a measurement of this package is made. */
export function benchProvenance(command: string, seed: number): Provenance {
  return provenanceOf({ command, seed, on: 'embedded', libraries: LIBRARIES });
}
