/** `node test/load-control-table.ts [seeds] [first seed]`: what each of the three switches does, and all together. */
import { LOAD_CONTROL, type LoadCase, measure, NO_QUEUE, QUIET, TROUBLE } from './load-control.ts';

const VARIANTS = {
  none: { policy: 'none' },
  standard: {},
  'deadline admission': { deadlineAdmission: true },
  'adaptive limit': { adaptiveLimit: true },
  'count abandoned': { countAbandoned: true },
  'all three': LOAD_CONTROL,
} as const;

const [count = '20', first = '1'] = process.argv.slice(2);
const seeds = Array.from({ length: Number(count) }, (_, index) => Number(first) + index);
const print = (line: string) => process.stdout.write(`${line}\n`);
// Nobody reads the stacks of simulated failures.
Error.stackTraceLimit = 0;

const percent = (share: number, digits = 0) => `${(100 * share).toFixed(digits)} %`;
const seconds = (ms: number) => (Number.isFinite(ms) ? (ms / 1_000).toFixed(1) : '∞');

async function table(title: string, cases: Readonly<Record<string, LoadCase>>, cell: 'goodput' | 'success') {
  print(
    `\n| ${[title, ...Object.keys(VARIANTS)].join(' | ')} |\n| --- |${' ---: |'.repeat(Object.keys(VARIANTS).length)}`,
  );
  for (const [name, one] of Object.entries(cases)) {
    const cells: string[] = [];
    for (const switches of Object.values(VARIANTS)) {
      const { goodput, success, recoveryMs, worstRecoveryMs } = await measure(one, switches, seeds);
      cells.push(
        cell === 'success'
          ? percent(success, 2)
          : `${percent(goodput)}, ${seconds(recoveryMs)} (${seconds(worstRecoveryMs)}) s`,
      );
    }
    print(`| ${[name, ...cells].join(' | ')} |`);
  }
}

print(`Seeds ${seeds[0]} to ${seeds.at(-1)}.`);
await table('trouble: goodput in per cent of capacity, recovery: median (worst)', TROUBLE, 'goodput');
await table('after quiet', QUIET, 'goodput');
await table('no queue: success', NO_QUEUE, 'success');
