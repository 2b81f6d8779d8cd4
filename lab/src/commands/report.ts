import { relative, resolve } from 'node:path';
import process from 'node:process';
import { Command } from 'commander';
import { writeReport } from '../report/write-report.ts';
import { ResultError, readResult } from '../result/read-result.ts';

/** Exit code: the file is wrong, and nothing was written. */
const MISTAKE = 2;

export function reportCommand(): Command {
  return new Command('report')
    .description('Writes report.html, junit.xml and summary.md beside result files.')
    .argument('<file...>', 'result.json')
    .action((files: string[], _options: unknown, command: Command) => {
      // pnpm runs scripts in the folder of their package, but the user's paths are relative to where the command was
      // typed.
      const from = process.env.INIT_CWD ?? process.cwd();
      try {
        for (const file of files) {
          const path = resolve(from, file);
          process.stdout.write(`${relative(from, writeReport(readResult(path), path))}\n`);
        }
      } catch (error) {
        if (!(error instanceof ResultError)) throw error;
        command.error(error.message, { exitCode: MISTAKE });
      }
    });
}
