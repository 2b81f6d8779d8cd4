import process from 'node:process';
import { keepMarkedPart, reportMistakes } from '@halfopen/figures/generated-file';
import { workspaceRoot } from '@halfopen/figures/provenance';
import { Command } from 'commander';
import { calibrate } from '../calibrate/calibrate.ts';
import { mistakesOf } from '../calibrate/exceptions.ts';
import { calibrationPart } from '../calibrate/page.ts';

export function calibrateCommand(): Command {
  return new Command('calibrate')
    .description(
      'Simulates every committed experiment and compares it with its committed result, in about a minute. Exits with 1 if a figure differs and is no named exception, or if docs/simulator.md says otherwise.',
    )
    .option('--write', 'writes the table in docs/simulator.md')
    .action(async ({ write = false }: { readonly write?: boolean }) => {
      const figures = await calibrate(workspaceRoot(), { say: (line) => process.stderr.write(`${line}\n`) });
      reportMistakes([...mistakesOf(figures), ...[keepMarkedPart(calibrationPart(figures), write) ?? []].flat()]);
    });
}
