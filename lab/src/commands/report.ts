import { relative } from 'node:path';
import process from 'node:process';
import { Command } from 'commander';
import { writeReport } from '../report/write-report.ts';
import { ResultError, readResult } from '../result/read-result.ts';
import { typedIn, typedPath } from './typed-path.ts';

/** Exit code: the file is wrong, and nothing was written. */
const MISTAKE = 2;

export function reportCommand(): Command {
  return new Command('report')
    .description('Writes report.html, junit.xml and summary.md beside result files.')
    .argument('<file...>', 'result.json')
    .action((files: string[], _options: unknown, command: Command) => {
      try {
        for (const file of files) {
          const path = typedPath(file);
          process.stdout.write(`${relative(typedIn, writeReport(readResult(path), path))}\n`);
        }
      } catch (error) {
        if (!(error instanceof ResultError)) throw error;
        command.error(error.message, { exitCode: MISTAKE });
      }
    });
}
