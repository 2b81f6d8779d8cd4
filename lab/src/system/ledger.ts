import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandOf } from './processes.ts';

/** What must be undone should the runner die. */
export type Debt =
  /** A request that takes a fault back. */
  | { readonly kind: 'request'; readonly method: 'DELETE'; readonly url: string }
  /** A command that takes a fault back, such as `docker unpause`. */
  | { readonly kind: 'command'; readonly argv: readonly [string, ...string[]] };

/**
 * What this run has changed elsewhere and not yet undone, on disk. A runner that is killed cannot clean up: the next one reads what
 * it left. Its own processes need no entry: they end by themselves when the runner is gone, paused ones too.
 */
export interface Ledger {
  add(debt: Debt): void;
  remove(debt: Debt): void;
  /** Everything has been undone. */
  close(): void;
}

interface Page {
  readonly runner: { readonly pid: number; readonly command: string };
  readonly debts: readonly Debt[];
}

/** @param folder of the user's own: what stands in it is executed */
export function openLedger(folder: string): Ledger {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `lab-${process.pid}.json`);
  const runner = { pid: process.pid, command: commandOf(process.pid) ?? '' };
  let debts: Debt[] = [];
  const write = () => {
    // A runner that is killed in the middle of writing must not leave half a page.
    writeFileSync(`${file}.new`, JSON.stringify({ runner, debts } satisfies Page));
    renameSync(`${file}.new`, file);
  };
  return {
    add(debt) {
      debts = [...debts, debt];
      write();
    },
    remove(debt) {
      debts = debts.filter((one) => one !== debt);
      write();
    },
    close: () => rmSync(file, { force: true }),
  };
}

/**
 * Undoes what runners that are no more have left.
 * @param undo takes back one debt; how, is not this file's business
 * @returns what was undone, a line each
 */
export async function cleanUp(folder: string, undo: (debt: Debt) => Promise<string | undefined>): Promise<string[]> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const done: string[] = [];
  for (const name of readdirSync(folder).filter((one) => /^lab-\d+\.json$/.test(one))) {
    const file = join(folder, name);
    const { runner, debts } = JSON.parse(readFileSync(file, 'utf8')) as Page;
    if (commandOf(runner.pid) === runner.command) continue;
    for (const debt of debts.toReversed()) {
      const line = await undo(debt);
      if (line !== undefined) done.push(line);
    }
    rmSync(file);
  }
  return done;
}
