import { join } from 'node:path';
import { workspaceRoot } from '@halfopen/figures/provenance';
import { Command } from 'commander';
import { readCommittedResults, writeCommittedResults } from '../publish/committed-results.ts';
import { publishResults } from '../publish/publish-results.ts';
import { runAll } from '../publish/run-all.ts';
import { ResultError, readResult } from '../result/read-result.ts';
import { typedPath } from './typed-path.ts';

/** Exit code: a file is wrong, or an experiment has no verdict. Nothing was published. */
const NOT_PUBLISHED = 2;

export function publishCommand(): Command {
  return new Command('publish')
    .description(
      'Runs every experiment in experiments/, writes tables and pictures into docs/results, and keeps the results in experiments/results.',
    )
    .argument(
      '[file...]',
      'result.json files of earlier runs, instead of running: one judged run of each experiment, and those given up before it',
    )
    .option('--from-files', 'writes the page again from experiments/results; runs nothing')
    .action(async (files: string[], { fromFiles = false }: { readonly fromFiles?: boolean }, command: Command) => {
      const fail = (message: string) => command.error(message, { exitCode: NOT_PUBLISHED });
      if (fromFiles && files.length > 0) fail('--from-files takes the files in experiments/results: name none');
      const root = workspaceRoot();
      const committed = join(root, 'experiments', 'results');
      try {
        const given = files.map((file) => readResult(typedPath(file)));
        const results = fromFiles ? readCommittedResults(committed) : given.length > 0 ? given : await runAll(root);
        publishResults(results, join(root, 'docs', 'results'));
        if (!fromFiles) writeCommittedResults(committed, results);
      } catch (error) {
        if (!(error instanceof ResultError)) throw error;
        fail(error.message);
      }
    });
}
