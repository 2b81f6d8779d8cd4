/**
 * Tables and pictures of results in docs/results, in place of those that are there.
 *
 * `pnpm publish:results` runs every committed experiment first, some ten minutes on a machine that must have nothing else to do;
 * `pnpm publish:results results/…/result.json …` takes what was run before, one file an experiment.
 */
import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ResultError, readResult } from '../lab/src/read-result.ts';
import { frontierTables } from '../lab/src/report/frontier-table.ts';
import { publicationOf } from '../lab/src/report/publish.ts';
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

/** Runs all experiments. @returns a result each */
function runAll(): string[] {
  const experiments = globSync('experiments/*.yaml', { cwd: ROOT }).toSorted();
  mkdirSync(join(ROOT, 'results'), { recursive: true });
  const out = mkdtempSync(join(ROOT, 'results', 'publication-'));
  // A hypothesis that failed is published, too: its exit code is no reason to stop.
  spawnSync(process.execPath, ['lab/src/main.ts', 'run', ...experiments, '--out', out], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  const files = globSync('*/*/result.json', { cwd: out });
  if (files.length < experiments.length) {
    throw new ResultError(`${files.length} of ${experiments.length} experiments have a result: nothing is published`);
  }
  return files.map((file) => join(out, file));
}

const from = process.env.INIT_CWD ?? process.cwd();
const given = process.argv.slice(2).map((file) => resolve(from, file));
try {
  const results = (given.length > 0 ? given : runAll()).map(readResult).toSorted(byFile);
  const { lines, pictures } = publicationOf(results);
  for (const part of [
    { ...RESULTS, lines },
    { ...FRONTIER, lines: frontierTables(results) },
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

type Result = ReturnType<typeof readResult>;

function byFile({ experiment: a }: Result, { experiment: b }: Result): number {
  return a.file < b.file ? -1 : 1;
}
