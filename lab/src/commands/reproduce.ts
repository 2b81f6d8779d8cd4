import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { workspaceRoot } from '@halfopen/figures/provenance';
import { Argument, Command, InvalidArgumentError } from 'commander';
import type { Anchor } from '../reproduce/anchor.ts';
import { ANCHORS } from '../reproduce/anchors.ts';
import { pictureFile, type Reproduced, reproducedPage } from '../reproduce/page.ts';
import { createReplicate } from '../reproduce/replicate.ts';
import { reproducedText } from '../reproduce/terminal.ts';

/** Exit code: a claim does not hold. */
const NOT_HELD = 1;
/** Exit code of a process that SIGINT ends. */
const INTERRUPTED = 130;

/** Where the pictures are, beside the page. */
const PICTURES = 'reproduced';

interface Options {
  readonly seeds?: number;
  readonly write?: boolean;
}

export function reproduceCommand(): Command {
  return new Command('reproduce')
    .description(
      'Makes published results again with the policies of this repository. Exits with 0 only if every claim holds.',
    )
    .addArgument(
      new Argument('[result...]', 'which results; all of them without it').choices(ANCHORS.map(({ name }) => name)),
    )
    .option('--seeds <n>', 'seeds of each variant, instead of what each result needs', wholeNumber)
    .option('--write', 'writes docs/reproduced.md and its pictures; only for all results with all seeds')
    .action(async (names: string[], options: Options, command: Command) => {
      if (options.write === true && (names.length > 0 || options.seeds !== undefined)) {
        command.error('--write is for all results with all seeds: name none, and leave out --seeds', { exitCode: 2 });
      }
      process.exitCode = await reproduce(
        names.length === 0 ? ANCHORS : ANCHORS.filter(({ name }) => names.includes(name)),
        options,
      );
    });
}

async function reproduce(anchors: readonly Anchor[], { seeds, write = false }: Options): Promise<number> {
  const interrupt = new AbortController();
  // On a second one, Node's own handler ends the process.
  process.once('SIGINT', () => interrupt.abort());
  const { signal } = interrupt;
  const all: Reproduced[] = [];
  for (const [index, anchor] of anchors.entries()) {
    if (signal.aborted) break;
    const replicate = createReplicate({
      seeds: seeds ?? anchor.seeds,
      variants: anchor.variants,
      signal,
      onProgress: progressLine(`${index + 1}/${anchors.length} ${anchor.name}`),
    });
    // oxlint-disable-next-line no-await-in-loop -- one processor
    const reproduced = { anchor, reproduction: await anchor.run(replicate) };
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
    process.stdout.write(`${reproducedText(reproduced)}\n`);
    all.push(reproduced);
  }
  if (signal.aborted) {
    process.stderr.write(
      `interrupted: figures are of the seeds that were complete${write ? '; nothing was written' : ''}\n`,
    );
    return INTERRUPTED;
  }
  if (write) writePage(all);
  const hold = all.every(({ reproduction }) => reproduction.claims.every(({ holds }) => holds !== false));
  return hold ? 0 : NOT_HELD;
}

function writePage(all: readonly Reproduced[]): void {
  const docs = join(workspaceRoot(), 'docs');
  const folder = join(docs, PICTURES);
  mkdirSync(folder, { recursive: true });
  // The picture of a result that no longer exists must not stay.
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.svg'))) rmSync(join(folder, file));
  for (const { anchor, reproduction } of all) {
    if (reproduction.picture != null) writeFileSync(join(folder, pictureFile(anchor.name)), reproduction.picture.svg);
  }
  writeFileSync(join(docs, 'reproduced.md'), reproducedPage(all, PICTURES, new Date().toISOString().slice(0, 10)));
}

/** One line that is rewritten on a terminal, and a line for each fifth elsewhere. */
function progressLine(who: string): (done: number) => void {
  let lastFifth = 0;
  return (done) => {
    const percent = `${Math.floor(100 * done)} %`;
    if (process.stderr.isTTY) {
      process.stderr.write(`\r\u001b[K${who} ${percent}`);
      return;
    }
    const fifth = Math.floor(5 * done + 1e-9);
    if (fifth === lastFifth) return;
    lastFifth = fifth;
    process.stderr.write(`${who} ${percent}\n`);
  };
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1 && value <= 100_000) return value;
  throw new InvalidArgumentError('a whole number from 1 to 100000.');
}
