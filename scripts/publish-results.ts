/**
 * Writes tables and pictures of results into docs/results, in place of those that are there:
 * `pnpm publish:results results/…/result.json …`, one file an experiment.
 */
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ResultError, readResult } from '../lab/src/read-result.ts';
import { publicationOf } from '../lab/src/report/publish.ts';
import { keepGenerated } from './generated-part.ts';

const FOLDER = new URL('../docs/results/', import.meta.url);
const PART = {
  file: new URL('README.md', FOLDER),
  name: 'docs/results/README.md',
  begin: '<!-- results: made by `pnpm publish:results` -->',
  end: '<!-- /results -->',
};

const from = process.env.INIT_CWD ?? process.cwd();
const files = process.argv.slice(2);
try {
  if (files.length === 0) throw new ResultError('no result to publish: name one result.json for each experiment');
  const { lines, pictures } = publicationOf(files.map((file) => readResult(resolve(from, file))));
  const mistake = keepGenerated({ ...PART, lines }, true);
  if (mistake !== undefined) throw new ResultError(mistake);
  // A picture of an experiment that is gone, or has other variants now, must not stay.
  for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.svg'))) rmSync(new URL(file, FOLDER));
  for (const { file, svg } of pictures) writeFileSync(new URL(file, FOLDER), `${svg}\n`);
} catch (error) {
  if (!(error instanceof ResultError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
