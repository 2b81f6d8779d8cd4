import process from 'node:process';
import { Command } from 'commander';
import { readExperimentFiles } from './experiment-files.ts';

/** Exit code: a file is wrong. */
const MISTAKE = 2;

export function checkCommand(): Command {
  return new Command('check')
    .description(
      'Reads experiments, names every mistake and where it is, and runs nothing. Exits with 2 if there is one.',
    )
    .argument('<file...>', 'experiments, YAML')
    .action((names: string[], _options: unknown, command: Command) => {
      const { files, mistakes } = readExperimentFiles(names);
      for (const { name, experiment } of files) process.stdout.write(`${name}: ${experiment.title}\n`);
      if (mistakes.length > 0) command.error(mistakes.join('\n'), { exitCode: MISTAKE });
    });
}
