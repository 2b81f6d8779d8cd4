/**
 * Tables and pictures of results in docs/results, in place of those that are there.
 *
 * `pnpm publish:results` runs every committed experiment first, some twenty minutes on a machine that must have nothing else to do. One
 * whose run was given up is run again, a few times at most.
 * `pnpm publish:results results/…/result.json …` takes what was run before: of each experiment one run that was judged, and those
 * that were given up before it.
 */
import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { frontierTables } from '../lab/src/publish/frontier-table.ts';
import { publicationOf } from '../lab/src/publish/publication.ts';
import { runUntilJudged } from '../lab/src/publish/run-until-judged.ts';
import { ResultError, readResult } from '../lab/src/result/read-result.ts';
import type { ExperimentResult } from '../lab/src/result/result.ts';
import { keepGenerated } from './generated-part.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const FOLDER = new URL('../docs/results/', import.meta.url);
const README = { file: new URL('README.md', FOLDER), name: 'docs/results/README.md' };
const RESULTS = {
  ...README,
  begin: '<!-- results: made by `pnpm publish:results` -->',
  end: '<!-- /results -->',
};
const FRONTIER = {
  ...README,
  begin: '<!-- frontier: made by `pnpm publish:results` -->',
  end: '<!-- /frontier -->',
};

/** Runs all experiments. @returns every run; @throws ResultError that names those without a verdict */
async function runAll(): Promise<ExperimentResult[]> {
  const experiments = globSync('experiments/*.yaml', { cwd: ROOT }).toSorted();
  mkdirSync(join(ROOT, 'results'), { recursive: true });
  const out = mkdtempSync(join(ROOT, 'results', 'publication-'));
  const known = new Set<string>();
  const { results, missing } = await runUntilJudged(
    experiments,
    async (file) => {
      // A hypothesis that failed is published, too: its exit code is no reason to stop.
      spawnSync(process.execPath, ['lab/src/main.ts', 'run', file, '--out', out], { cwd: ROOT, stdio: 'inherit' });
      const made = globSync('*/*/result.json', { cwd: out }).find((one) => !known.has(one));
      if (made === undefined) return undefined;
      known.add(made);
      return readResult(join(out, made));
    },
    (line) => process.stderr.write(`${line}\n`),
  );
  if (missing.length > 0) {
    throw new ResultError(
      `Nothing is published: ${missing.length} of ${experiments.length} experiments have no verdict.\n${missing
        .map((one) => `- ${one}\n`)
        .join('')}What was measured stands in ${relative(ROOT, out)}.`,
    );
  }
  return results;
}

const from = process.env.INIT_CWD ?? process.cwd();
const given = process.argv.slice(2).map((file) => resolve(from, file));
try {
  const { lines, judged, pictures } = publicationOf(given.length > 0 ? given.map(readResult) : await runAll());
  for (const part of [
    { ...RESULTS, lines },
    { ...FRONTIER, lines: frontierTables(judged) },
  ]) {
    const mistake = keepGenerated(part, true);
    if (mistake !== undefined) throw new ResultError(mistake);
  }
  // A picture of an experiment that is gone, or has other variants now, must not stay.
  for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.svg'))) rmSync(new URL(file, FOLDER));
  for (const { file, svg } of pictures) writeFileSync(new URL(file, FOLDER), `${svg}\n`);
} catch (error) {
  if (!(error instanceof ResultError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
