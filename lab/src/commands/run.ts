import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { provenanceOf } from '@halfopen/figures/provenance';
import { nearestName } from '@halfopen/service-kit';
import { Command, InvalidArgumentError } from 'commander';
import { environmentOf } from '../experiment/environment.ts';
import type { Experiment } from '../experiment/format.ts';
import { type Place, placeChecks, speaksOf } from '../experiment/place-checks.ts';
import { askOnce } from '../load/ask-once.ts';
import { writeReport } from '../report/write-report.ts';
import { type ExperimentResult, experimentResult } from '../result/result.ts';
import { LIBRARIES } from '../run/libraries.ts';
import { runExperiment } from '../run/run-experiment.ts';
import { runVariant } from '../run/run-variant.ts';
import { runSimulated } from '../simulate/run-simulated.ts';
import { attachToCompose, attachToUrl } from '../system/attached.ts';
import { policyOf } from '../system/edge-probe.ts';
import { startEmbedded } from '../system/embedded.ts';
import { cleanUp, type Ledger, openLedger } from '../system/ledger.ts';
import type { System } from '../system/system.ts';
import { undo } from '../system/undo.ts';
import type { Wire } from '../system/wire.ts';
import { createProgressLine } from '../terminal/progress-line.ts';
import { verdictTable } from '../terminal/verdict-table.ts';
import { variantWords } from '../wording/variant-words.ts';
import { addressMistakes, isUrl } from './addresses.ts';
import { type ExperimentFile, readExperimentFiles } from './experiment-files.ts';
import { typedIn, typedPath } from './typed-path.ts';

/** Exit code: every hypothesis held. */
const HELD = 0;
/** Exit code: a hypothesis failed or was inconclusive, or the system could not be run. */
const NOT_HELD = 1;
/** Exit code: the command line or a file is wrong, and nothing was run. */
const MISTAKE = 2;

/** Where a simulated system ran, for the provenance. */
const SIMULATED = 'simulated';

interface Options {
  readonly repeat?: number;
  readonly seed?: number;
  readonly on: string;
  readonly simulate?: true;
  readonly variant?: string;
  readonly wire?: string;
  readonly out: string;
}

export function runCommand(): Command {
  return new Command('run')
    .description('Runs experiments and judges their hypotheses. Exits with 0 only if every one of them held.')
    .argument('<file...>', 'experiments, YAML')
    .option(
      '--repeat <n>',
      "runs of each variant, each with another seed; replaces the experiment's repeat",
      wholeNumber(1, 1_000),
    )
    .option('--seed <n>', "replaces the experiment's seed", wholeNumber(0, 2 ** 31 - 1))
    .option(
      '--on <where>',
      '`embedded`: its own processes; `compose`: the running composed system; or the URL of any service: a path in it comes before each path of load.mix',
      'embedded',
    )
    .option(
      '--simulate',
      'computes what would happen, on virtual time: no processes, seconds instead of a minute. What cannot be simulated is refused by name',
    )
    .option('--variant <name>', 'run only this variant; needed with --on compose or a URL when there are several')
    .option('--wire <url>', 'HTTP API of a Toxiproxy, for wire faults')
    .option('--out <folder>', 'where results are written', 'results')
    .action(async (files: string[], options: Options, command: Command) => {
      const fail = (message: string) => command.error(message, { exitCode: MISTAKE });
      process.exitCode = await run(files, options, fail);
    });
}

async function run(files: readonly string[], options: Options, fail: (message: string) => never): Promise<number> {
  const jobs = readAll(files, options, fail);
  const interrupt = new AbortController();
  let exitCodeOfSignal = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    // On a second signal the user does not want to wait. The next run cleans up what is left.
    if (interrupt.signal.aborted) process.exit(exitCodeOfSignal);
    exitCodeOfSignal = 128 + { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 }[signal as 'SIGINT' | 'SIGTERM' | 'SIGHUP'];
    process.stderr.write(`\n${signal}: ${options.simulate ? 'stopping' : 'undoing all faults'}\n`);
    interrupt.abort();
  };

  // A simulation breaks nothing, so there is nothing to undo.
  const ledger = options.simulate ? undefined : await cleanLedger();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  let exitCode = HELD;
  try {
    for (const job of jobs) {
      const result = await runJob(job, options, ledger, interrupt.signal, jobs.length);
      const path = write(result, job.file, typedPath(options.out));
      process.stdout.write(`${verdictTable(result)}  ${relative(typedIn, path)}\n\n`);
      if (result.verdict !== 'held') exitCode = NOT_HELD;
      if (interrupt.signal.aborted) break;
    }
  } catch (error) {
    if (!interrupt.signal.aborted) {
      process.stderr.write(`\n${explain(error)}\n`);
      exitCode = NOT_HELD;
    }
  } finally {
    ledger?.close();
  }
  return interrupt.signal.aborted ? exitCodeOfSignal : exitCode;
}

/** What a run must undo, after undoing what a killed run has left. */
async function cleanLedger(): Promise<Ledger> {
  const folder = fileURLToPath(new URL('../../../.halfopen', import.meta.url));
  const left = await cleanUp(folder, undo);
  for (const line of left) process.stderr.write(`left by a run that was killed: ${line}\n`);
  return openLedger(folder);
}

function readAll(names: readonly string[], options: Options, fail: (message: string) => never): ExperimentFile[] {
  const ofAddresses = [...addressMistakes(options), ...simulationMistakes(options)];
  if (ofAddresses.length > 0) return fail(ofAddresses.join('\n'));
  const { on, variant, wire, simulate } = options;
  const place: Place = {
    on: simulate ? 'simulated' : on === 'embedded' || on === 'compose' ? on : 'url',
    hasWire: wire !== undefined,
    variant,
    env: process.env,
  };
  const { files, mistakes } = readExperimentFiles(names, (experiment) => placeChecks(experiment, place));
  const chosen = files.flatMap((one): ExperimentFile[] => {
    const why = impossibleChoice(one.experiment, options);
    if (why === undefined) return [{ ...one, experiment: choose(one.experiment, variant) }];
    mistakes.push(`${one.name}: ${why}`);
    return [];
  });
  return mistakes.length > 0 ? fail(mistakes.join('\n')) : chosen;
}

/** A simulated system is at no address. */
function simulationMistakes({ simulate, on, wire }: Options): string[] {
  if (!simulate) return [];
  return [
    ...(on === 'embedded' ? [] : [`--simulate and --on ${on} exclude each other: a simulation runs on nothing`]),
    ...(wire === undefined ? [] : ['--simulate needs no --wire: the wire is simulated too']),
  ];
}

/** @returns why these variants cannot be run with these options; `undefined` when they can */
function impossibleChoice({ variants, hypothesis }: Experiment, { on, variant }: Options): string | undefined {
  const names = Object.keys(variants);
  if (variant !== undefined && !names.includes(variant)) {
    const meant = nearestName(variant, names);
    return `--variant ${variant} does not exist; ${meant === undefined ? `there are ${names.join(', ')}` : `did you mean ${meant}?`}`;
  }
  if (on !== 'embedded' && names.length > 1 && variant === undefined) {
    return `${names.join(' and ')} cannot both run on one running system; choose one: --variant NAME`;
  }
  if (!hypothesis.some((one) => speaksOf(one, variant))) return `no hypothesis is about ${variant} alone`;
  return undefined;
}

/** The experiment, reduced to the variant that is run and the hypotheses about it. */
function choose(experiment: Experiment, variant: string | undefined): Experiment {
  if (variant === undefined) return experiment;
  return {
    ...experiment,
    variants: { [variant]: experiment.variants[variant] as Experiment['variants'][string] },
    hypothesis: experiment.hypothesis.filter((one) => speaksOf(one, variant)),
  };
}

async function runJob(
  { experiment, file, text }: ExperimentFile,
  options: Options,
  ledger: Ledger | undefined,
  signal: AbortSignal,
  jobs: number,
): Promise<ExperimentResult> {
  const { on } = options;
  const seed = options.seed ?? experiment.seed;
  const repeats = options.repeat ?? experiment.repeat;
  const wire: Wire | undefined = options.wire === undefined ? undefined : { apiUrl: options.wire.replace(/\/$/, '') };
  const line = createProgressLine(experiment.load.phases, process.stderr, () => performance.now());
  if (jobs > 1) process.stderr.write(`${file}\n`);
  for (const [name, variant] of Object.entries(experiment.variants))
    process.stderr.write(`${name}: ${variantWords(environmentOf(variant), on)}\n`);
  const command = commandLine(file, seed, repeats, options);
  try {
    return await runExperiment({
      experiment,
      file,
      text,
      seed,
      repeats,
      ...(isUrl(on) ? { askOnce: () => askOnce(attachToUrl(on).url, experiment.load, seed) } : {}),
      simulated: ledger === undefined,
      provenance: provenanceOf({ command, seed, on: ledger === undefined ? SIMULATED : on, libraries: LIBRARIES }),
      run: (variant, runSeed, who) =>
        ledger === undefined
          ? runSimulated({
              experiment,
              variant,
              seed: runSeed,
              signal,
              onProgress: (progress, breaker) => line.show(`${who} (simulated)`, progress, breaker),
            })
          : runVariant({
              experiment,
              variant,
              seed: runSeed,
              ledger,
              wire,
              signal,
              startSystem: () => startSystem(on, variant, runSeed, ledger, wire),
              onProgress: (progress, sampler) => line.show(who, progress, sampler.latest?.breaker),
            }),
    });
  } finally {
    line.clear();
  }
}

async function startSystem(
  on: string,
  variant: Experiment['variants'][string],
  seed: number,
  ledger: Ledger,
  wire: Wire | undefined,
): Promise<System> {
  if (on === 'embedded') return startEmbedded(variant, seed, { ledger, wire });
  if (on !== 'compose') return attachToUrl(on);
  const system = await attachToCompose(ledger);
  const wanted = variant.edge.GREETER_CALL_POLICY ?? 'standard';
  const got = system.edgeOpsUrl === undefined ? undefined : await policyOf(system.edgeOpsUrl);
  if (got !== wanted) throw new Error(`the running edge has the policy ${got}, but the variant needs ${wanted}`);
  return system;
}

function commandLine(file: string, seed: number, repeats: number, { on, simulate, variant, wire }: Options): string {
  const parts = ['pnpm lab run', file, `--seed ${seed}`, `--repeat ${repeats}`];
  if (simulate) parts.push('--simulate');
  if (on !== 'embedded') parts.push(`--on ${on}`);
  if (variant !== undefined) parts.push(`--variant ${variant}`);
  if (wire !== undefined) parts.push(`--wire ${wire}`);
  return parts.join(' ');
}

/** @returns path of the report */
function write(result: ExperimentResult, file: string, out: string): string {
  const stamp = result.provenance.startedAt.replace(/[:.]/g, '-');
  const folder = join(out, basename(file).replace(/\.ya?ml$/, ''), stamp);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'result.json');
  // A result that breaks its own schema must fail here, and not when somebody reads it.
  writeFileSync(path, `${JSON.stringify(experimentResult.parse(result))}\n`);
  return writeReport(result, path);
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}

function wholeNumber(min: number, max: number) {
  return (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isInteger(value) || value < min || value > max) {
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}
