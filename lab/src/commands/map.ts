import { relative } from 'node:path';
import process from 'node:process';
import { Command } from 'commander';
import { writeMap } from '../map/map-files.ts';
import { STACKS } from '../map/stacks.ts';
import { LOADS, type Survey, survey } from '../map/survey.ts';
import { typedIn } from './typed-path.ts';

export function mapCommand(): Command {
  return new Command('map')
    .description(
      'Paints docs/metastability.svg: at which load, and after how long a standstill of the server, does each of three stacks recover? Simulated, in about two minutes. The same code gives the same picture.',
    )
    .action(async () => {
      const columns = STACKS.length * LOADS.length;
      let done = 0;
      const surveys: Survey[] = [];
      for (const stack of STACKS) {
        // oxlint-disable-next-line no-await-in-loop -- one thread computes them all
        const made = await survey(stack, {
          onColumn: (id, load) => {
            process.stderr.write(`${++done} of ${columns}: ${id} at ${Math.round(load * 100)} % load\n`);
          },
        });
        surveys.push(made);
      }
      for (const path of writeMap(surveys)) process.stdout.write(`${relative(typedIn, path)}\n`);
    });
}
