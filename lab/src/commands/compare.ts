import process from 'node:process';
import { Command } from 'commander';
import { CompareError, compareResults } from '../compare/compare-results.ts';
import { ResultError, readResult } from '../result/read-result.ts';
import { comparisonTable } from '../terminal/comparison-table.ts';
import { typedPath } from './typed-path.ts';

const WORSE = 1;
/** Exit code: a file is wrong, or the two results cannot be compared. */
const MISTAKE = 2;

export function compareCommand(): Command {
  return new Command('compare')
    .description('Compares two results, by two commits or under two policies. Exits with 1 if B is certainly worse.')
    .argument('<A>', 'result.json')
    .argument('<B>', 'result.json')
    .action((fileA: string, fileB: string, _options: unknown, command: Command) => {
      try {
        const comparison = compareResults(readResult(typedPath(fileA)), readResult(typedPath(fileB)));
        process.stdout.write(comparisonTable(comparison));
        if (comparison.worse) process.exitCode = WORSE;
      } catch (error) {
        if (!(error instanceof ResultError || error instanceof CompareError)) throw error;
        command.error(error.message, { exitCode: MISTAKE });
      }
    });
}
