import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandOf } from './processes.ts';

/** Something that must be undone if the runner dies. */
export type Debt =
  /** A request that undoes a fault. */
  | { readonly kind: 'request'; readonly method: 'DELETE'; readonly url: string }
  /** A command that undoes a fault, such as `docker unpause`. */
  | { readonly kind: 'command'; readonly argv: readonly [string, ...string[]] };

/**
 * What this run has changed elsewhere and not yet undone, on disk. A runner that is killed cannot clean up, so the next
 * one reads what it left. Its own processes need no entry: they end by themselves when the runner is gone, even paused
 * ones.
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

/** @param folder must belong to the user, because commands in it are executed */
export function openLedger(folder: string): Ledger {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `lab-${process.pid}.json`);
  const runner = { pid: process.pid, command: commandOf(process.pid) ?? '' };
  let debts: Debt[] = [];
  const write = () => {
    // A runner that is killed while writing must not leave half a file.
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
 * Undoes what dead runners have left.
 * @param undo undoes one debt
 * @returns what was undone, one line each
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
