/**
 * `pnpm test:repeat 20 --beside-busy 10`: runs `pnpm test` again and again and counts. A test that fails one time in twenty shows only
 * so. Exits with 1 if any run failed.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const USAGE = `Usage: pnpm test:repeat <runs> [--beside-busy <runs>] [--clone]

  --beside-busy <runs>  so many of the runs, the last ones, are beside a process that keeps one core busy. Default 0
  --clone               run in a clean clone of the last commit. Default: here, with what is not committed
`;

const say = (line: string) => process.stderr.write(`${line}\n`);

interface Run {
  readonly besideBusy: boolean;
  readonly passed: boolean;
  readonly seconds: number;
}

/** Processes of ours that run now. They end with this one. */
const children = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of children) stop(child);
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

/** Each is the leader of a group of its own, so that what it has started ends, too. */
function stop({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function start(command: string, args: readonly string[], cwd: string): ChildProcess {
  const child = spawn(command, args, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  return child;
}

/** @returns whether it exited with 0, and everything it printed */
function ended(child: ChildProcess): Promise<{ readonly passed: boolean; readonly output: string }> {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (data) => {
      output += data;
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      children.delete(child);
      resolve({ passed: code === 0, output });
    });
  });
}

async function runOnce(n: number, besideBusy: boolean, repository: string, kept: string): Promise<Run> {
  const busy = besideBusy ? start(process.execPath, ['--eval', 'for (;;);'], repository) : undefined;
  const startedAt = performance.now();
  const { passed, output } = await ended(start('npx', ['-y', 'pnpm@12', 'test'], repository));
  const seconds = (performance.now() - startedAt) / 1_000;
  if (busy !== undefined) {
    stop(busy);
    children.delete(busy);
  }
  const log = join(kept, `run-${n}.log`);
  if (!passed) writeFileSync(log, output);
  const beside = besideBusy ? ', beside a busy process' : '';
  say(`run ${n}: ${passed ? 'passed' : 'FAILED'} in ${seconds.toFixed(1)} s${beside}${passed ? '' : `: ${log}`}`);
  return { besideBusy, passed, seconds };
}

/** `10 of 10 passed, 61.2 to 70.3 s, median 64.0 s` */
function summary(runs: readonly Run[]): string {
  const seconds = runs.map((run) => run.seconds).toSorted((a, b) => a - b);
  const at = (index: number) => seconds.at(index)?.toFixed(1);
  const passed = runs.filter((run) => run.passed).length;
  return `${passed} of ${runs.length} passed, ${at(0)} to ${at(-1)} s, median ${at(seconds.length >> 1)} s`;
}

/** @returns the folder of a clean clone whose dependencies are installed */
async function cloned(repository: string, folder: string): Promise<string> {
  const { status, stderr } = spawnSync('git', ['clone', '--quiet', repository, folder], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`git clone: ${stderr}`);
  const { passed, output } = await ended(start('npx', ['-y', 'pnpm@12', 'install', '--frozen-lockfile'], folder));
  if (!passed) throw new Error(`pnpm install: ${output}`);
  return folder;
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { 'beside-busy': { type: 'string', default: '0' }, clone: { type: 'boolean', default: false } },
    });
    const [runs, besideBusy] = [Number(positionals[0]), Number(values['beside-busy'])];
    const isWhole = (value: number) => Number.isSafeInteger(value) && value >= 0;
    if (positionals.length !== 1 || !isWhole(runs) || runs === 0)
      throw new Error('<runs> must be a whole number from 1');
    if (!isWhole(besideBusy) || besideBusy > runs) throw new Error('--beside-busy must be a whole number up to <runs>');
    return { runs, besideBusy, clone: values.clone };
  } catch (error) {
    say(`${(error as Error).message}\n\n${USAGE}`);
    return process.exit(2);
  }
}

const { runs, besideBusy, clone } = readArguments();
const kept = mkdtempSync(join(tmpdir(), 'halfopen-test-repeat-'));
const here = fileURLToPath(new URL('../', import.meta.url));
const repository = clone ? await cloned(here, join(kept, 'clone')) : here;
const all: Run[] = [];
for (let n = 1; n <= runs; n++) {
  // oxlint-disable-next-line no-await-in-loop -- one after the other: they would measure each other
  all.push(await runOnce(n, n > runs - besideBusy, repository, kept));
}
const alone = all.filter((run) => !run.besideBusy);
const beside = all.filter((run) => run.besideBusy);
if (alone.length > 0) say(`alone: ${summary(alone)}`);
if (beside.length > 0) say(`beside a busy process: ${summary(beside)}`);
process.exitCode = all.every(({ passed }) => passed) ? 0 : 1;
