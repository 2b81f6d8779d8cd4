#!/usr/bin/env node
/** `pnpm lab`: experiments with a verdict. */
import process from 'node:process';
import { Command } from 'commander';
import { calibrateCommand } from './commands/calibrate.ts';
import { checkCommand } from './commands/check.ts';
import { compareCommand } from './commands/compare.ts';
import { mapCommand } from './commands/map.ts';
import { publishCommand } from './commands/publish.ts';
import { reportCommand } from './commands/report.ts';
import { reproduceCommand } from './commands/reproduce.ts';
import { runCommand } from './commands/run.ts';
import { schemaCommand } from './commands/schema.ts';

const lab = new Command('lab')
  .description('Breaks the system on purpose, under load, and judges what you believe about it.')
  .configureOutput({ outputError: (text, write) => write(text) })
  .addCommand(runCommand())
  .addCommand(checkCommand())
  .addCommand(reportCommand())
  .addCommand(compareCommand())
  .addCommand(publishCommand())
  .addCommand(reproduceCommand())
  .addCommand(calibrateCommand())
  .addCommand(mapCommand())
  .addCommand(schemaCommand());
// A mistake on the command line exits with 2; 1 means that a hypothesis failed.
for (const command of [lab, ...lab.commands])
  command.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
await lab.parseAsync();
