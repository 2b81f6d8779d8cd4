/**
 * `pnpm measure:anti-patterns`: measures what the anti-patterns of docs/policies cost, and what our policies do instead. Writes
 * docs/policies/measured.json. It takes about a minute and needs a machine with nothing else to do.
 */
import process from 'node:process';
import { provenanceOf } from '@halfopen/figures/provenance';
import { ANTI_PATTERNS } from './anti-patterns/index.ts';
import { installedVersions, writeMeasured } from './measured.ts';
import { type Figures, NotShown, take } from './measurement.ts';
import { cell } from './table.ts';

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
const inPageOrder = Object.values(ANTI_PATTERNS).flat();
// Simulations first: a connection that is still closing would run on the virtual clock.
const simulatedFirst = inPageOrder.toSorted(
  (a, b) => Number(a.stage !== 'simulated') - Number(b.stage !== 'simulated'),
);

const taken: Record<string, Figures> = {};
const notShown: string[] = [];
for (const [index, measurement] of simulatedFirst.entries()) {
  const count = `${index + 1}/${simulatedFirst.length}`;
  try {
    const figures = await take(measurement);
    taken[measurement.id] = figures;
    say(`${count}  ${measurement.id}: ${cell(measurement, figures.naive)}; ours ${cell(measurement, figures.ours)}`);
  } catch (error) {
    if (!(error instanceof NotShown)) throw error;
    notShown.push(error.message);
    say(`${count}  ${error.message}`);
  }
}

if (notShown.length > 0) {
  say(
    `Nothing was written: ${notShown.length} of ${simulatedFirst.length} measurements do not prove what their page says.`,
  );
  for (const message of notShown) say(message);
  process.exit(1);
}
writeMeasured({
  provenance,
  versions: installedVersions(),
  figures: Object.fromEntries(inPageOrder.map(({ id }) => [id, taken[id] as Figures])),
});
// Kept connections of the naive clients would hold the process.
process.exit();
