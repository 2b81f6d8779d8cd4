import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { Command } from 'commander';
import { experimentJsonSchema } from '../experiment/json-schema.ts';
import { resultJsonSchema } from '../result/json-schema.ts';

const SCHEMAS = [
  { name: 'experiments/experiment.schema.json', make: experimentJsonSchema },
  { name: 'experiments/result.schema.json', make: resultJsonSchema },
];

export function schemaCommand(): Command {
  return new Command('schema')
    .description('Checks that the published JSON schemas match the code.')
    .option('--write', 'writes them')
    .action(({ write = false }: { readonly write?: boolean }) => {
      for (const { name, make } of SCHEMAS) {
        const file = new URL(`../../../${name}`, import.meta.url);
        const made = `${JSON.stringify(make(), null, 2)}\n`;
        if (write) {
          writeFileSync(file, made);
        } else if (!existsSync(file) || readFileSync(file, 'utf8') !== made) {
          process.stderr.write(`${name} does not match the code; \`pnpm fix\` writes it\n`);
          process.exitCode = 1;
        }
      }
    });
}
