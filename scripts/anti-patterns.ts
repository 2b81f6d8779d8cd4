/**
 * `pnpm measure:anti-patterns`: what the anti-patterns of docs/policies cost, by naive use of what people use and by ours. Writes
 * docs/policies/measured.json and the pages' tables from it. About a minute; the machine must have nothing else to do.
 */
import process from 'node:process';
import { provenanceOf } from '../packages/figures/src/provenance.ts';
import { keepAntiPatternTables } from './anti-pattern-tables.ts';
import { installedVersions, writeMeasured } from './anti-patterns/measured.ts';
import { type Figures, NotShown, take } from './anti-patterns/measurement.ts';
import { PAGES } from './anti-patterns/pages.ts';
import { cell } from './anti-patterns/table.ts';

const say = (line: string) => process.stderr.write(`${line}\n`);

const provenance = provenanceOf({
  command: 'pnpm measure:anti-patterns',
  seed: 1,
  on: 'embedded',
  libraries: {
    axios: 'packages/client',
    undici: 'packages/client',
    opossum: 'packages/resilience',
    express: 'packages/service-kit',
  },
});
// What is simulated first: a connection that is still closing would see the virtual clock.
const all = Object.values(PAGES)
  .flat()
  .toSorted((a, b) => Number(a.stage !== 'simulated') - Number(b.stage !== 'simulated'));

const taken: Record<string, Figures> = {};
const notShown: string[] = [];
for (const [index, measurement] of all.entries()) {
  try {
    const figures = await take(measurement);
    taken[measurement.id] = figures;
    const [naive, ours] = [cell(measurement, figures.naive), cell(measurement, figures.ours)];
    say(`${index + 1}/${all.length}  ${measurement.id}: ${naive}; ours ${ours}`);
  } catch (error) {
    if (!(error instanceof NotShown)) throw error;
    notShown.push(error.message);
    say(`${index + 1}/${all.length}  ${error.message}`);
  }
}

if (notShown.length > 0) {
  say(
    `Nothing is written: ${notShown.length} of ${all.length} do not show what their page says.\n${notShown.join('\n')}`,
  );
  process.exit(1);
}
const inOrderOfPages = Object.values(PAGES).flatMap((page) =>
  page.map(({ id }) => [id, taken[id] as Figures] as const),
);
const measured = { provenance, versions: installedVersions(), figures: Object.fromEntries(inOrderOfPages) };
writeMeasured(measured);
const mistakes = keepAntiPatternTables(measured, true);
if (mistakes.length > 0) {
  say(mistakes.join('\n'));
  process.exit(1);
}
process.exit();
