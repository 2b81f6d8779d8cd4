import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withMarkedPart } from '@halfopen/figures/text';
import { ResultError } from '../result/read-result.ts';
import type { ExperimentResult } from '../result/result.ts';
import { frontierTables } from './frontier-table.ts';
import { publicationOf } from './publication.ts';

/**
 * Writes tables and pictures of results into a folder of documentation: into the marked parts of its `README.md`, and as `.svg`
 * files, which replace those that are there.
 * @throws ResultError when the results cannot be published, or the page lacks a marker; nothing is written then
 */
export function publishResults(results: readonly ExperimentResult[], folder: string): void {
  const { overview, sections, judged, pictures } = publicationOf(results);
  const page = join(folder, 'README.md');
  const parts = { overview, frontier: frontierTables(judged), results: sections };
  let text = readFileSync(page, 'utf8');
  for (const [name, lines] of Object.entries(parts)) {
    try {
      text = withMarkedPart(text, { ...markersOf(name), lines });
    } catch (error) {
      throw new ResultError(`${page}: ${(error as Error).message}`);
    }
  }
  writeFileSync(page, text);
  // A picture of an experiment that no longer exists, or that has other variants now, must not stay.
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.svg'))) rmSync(join(folder, file));
  for (const { file, svg } of pictures) writeFileSync(join(folder, file), `${svg}\n`);
}

function markersOf(name: string): { readonly begin: string; readonly end: string } {
  return { begin: `<!-- ${name}: made by \`pnpm publish:results\` -->`, end: `<!-- /${name} -->` };
}
