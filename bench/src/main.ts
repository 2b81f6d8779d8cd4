/**
 * `pnpm bench`: the same hop by Halfopen and by what people would use instead, side by side. A full run also writes
 * docs/benchmarks.json, and from it the page and its picture.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { reportMistakes } from '@halfopen/figures/generated-file';
import { Command, Option } from 'commander';
import { BENCHMARKS, keepBenchmarksPage } from './keep-page.ts';
import { FULL, QUICK } from './pace.ts';
import { measureProfile } from './profile.ts';
import { disturbanceSentence } from './report/page.ts';
import { plainTable, tablesOf, targetTable } from './report/tables.ts';
import { foreignTargetsOf, isMet } from './report/targets.ts';
import type { Benchmarks } from './result.ts';
import { measure, measureForeign, measureMemory } from './run.ts';

const say = (line: string) => process.stderr.write(`${line}\n`);

const { quick, memory, profile, foreign } = new Command('bench')
  .description('Measures what a hop costs: CPU, latency, memory, start-up; by Halfopen and by others, in one run.')
  .option('--quick', 'about a minute, for a look: nothing is written')
  .addOption(
    new Option('--memory', 'instead: the memory of our edge over a million requests, several minutes').conflicts(
      'quick',
    ),
  )
  .addOption(new Option('--profile', 'instead: whose code our edge runs, half a minute').conflicts(['quick', 'memory']))
  .addOption(
    new Option(
      '--foreign',
      'instead: a hop to a server that names no requests, against a hop to ours; a minute, nothing is written',
    ).conflicts(['memory', 'profile']),
  )
  .parse()
  .opts<Partial<Readonly<Record<'quick' | 'memory' | 'profile' | 'foreign', true>>>>();
// Whatever runs now ends with this process.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

if (foreign === true) {
  const targets = foreignTargetsOf(await measureForeign(quick === true ? QUICK : FULL, say));
  process.stdout.write(`${plainTable(targetTable(targets)).join('\n')}\n`);
  process.exit(targets.every(isMet) ? 0 : 1);
}

async function measurePart(): Promise<Partial<Benchmarks>> {
  if (memory === true) return { memory: await measureMemory('pnpm bench --memory', say) };
  if (profile === true) return { profile: await measureProfile('pnpm bench --profile', say) };
  if (quick === true) return { measurements: await measure(QUICK, 'pnpm bench --quick', say) };
  return { measurements: await measure(FULL, 'pnpm bench', say) };
}

const kept = JSON.parse(readFileSync(BENCHMARKS, 'utf8')) as Benchmarks;
const benchmarks: Benchmarks = { ...kept, ...(await measurePart()) };

for (const table of tablesOf(benchmarks)) process.stdout.write(`${plainTable(table).join('\n')}\n`);
process.stdout.write(`${disturbanceSentence(benchmarks.measurements)}\n`);
if (quick !== true) {
  writeFileSync(BENCHMARKS, `${JSON.stringify(benchmarks)}\n`);
  reportMistakes(keepBenchmarksPage(true));
}
process.exit();
