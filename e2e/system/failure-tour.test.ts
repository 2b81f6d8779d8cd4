/** The failure tour does what it says: every experiment, in order, on what `pnpm start` starts. */
import { readFileSync } from 'node:fs';
import { freePort } from '@halfopen/runner';
import { expect, test } from 'vitest';
import { spawnScript } from '../harness/process.ts';
import { countShellBlocks, root, shellBlocks, withoutChance } from '../harness/readme.ts';
import { openShell } from '../harness/shell-session.ts';

const PAGE = 'docs/guides/failure-tour.md';
const SETTINGS = {
  EDGE_PORT: '8080',
  EDGE_OPS_PORT: '8081',
  GREETER_PORT: '5000',
  GREETER_OPS_PORT: '5001',
} as const;
/** Those of `pnpm start`, and those of the edges and greeters that the page starts beside it. */
const PORTS = [...Object.values(SETTINGS), '8090', '8091', '8092', '8093', '5010', '5011', '5020', '5021'];

/** Sections that run something: the first one, and the experiments. */
const page = readFileSync(root + PAGE, 'utf8');
const experiments = [...page.matchAll(/^## (\d+\. .*)$/gm)].map(([, heading = '']) => heading);
const needsCompose = (commands: string) => /\bdocker compose\b|\bfaults scale\b/.test(commands);

/** What a text says beyond the statuses and counts that stand in the outputs of the page, by heading. */
const claims: Readonly<Record<string, (output: string) => void>> = {
  '8. A total outage': (output) => {
    const counts = [...output.matchAll(/(\d+) "code":"(\w+)"/g)].map(([, count, code]) => ({
      count: Number(count),
      code,
    }));
    if (counts.length === 0) return;
    expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(100);
    const asked = Number(/"outage":(\d+)/.exec(output)?.[1]);
    expect(asked, 'attempts until the breaker may open').toBeGreaterThanOrEqual(20);
    expect(asked, 'attempts of 100 calls').toBeLessThan(60);
    expect(counts.find(({ code }) => code === 'breaker_open')?.count, 'refused at once').toBeGreaterThan(50);
  },
  '9. The retry storm': (output) => {
    const [, ours] = /100 calls, attempts "injected":\{"storm":(\d+)\}/.exec(output) ?? [];
    if (ours === undefined) return;
    expect(Number(ours), 'attempts of 100 calls').toBeGreaterThan(0);
    expect(Number(ours), 'attempts of 100 calls, and a budget of 20').toBeLessThanOrEqual(120);
  },
  '10. Flapping': (output) => {
    const rounds = [...output.matchAll(/"flap":(\d+)/g)].map(([, attempts]) => Number(attempts));
    for (const attempts of rounds) {
      expect(attempts, 'attempts of 60 calls').toBeGreaterThan(0);
      expect(attempts, 'attempts of 60 calls, and a budget of 20').toBeLessThanOrEqual(80);
    }
  },
  '12. One sick replica of three': (output) => {
    const [, failed] = /"sick":(\d+)/.exec(output) ?? [];
    if (failed === undefined) return;
    expect(Number(failed), 'failures before it is left out').toBeGreaterThan(0);
    expect(Number(failed), 'failures before it is left out').toBeLessThan(50);
  },
};

/**
 * Leaves what the page claims: statuses, codes, budgets, who was hit, and durations by the half second, which is the
 * attempt timeout. How many were refused and not tried depends on when the breaker opened: see `claims`.
 */
function seen(text: string): string {
  return (
    withoutChance(text)
      .replace(/after (\d+\.\d+) s/g, (_all, s: string) => `after ${Math.floor(Number(s) * 2) / 2} s or more`)
      .replace(/\(pid \d+\)|\(it was pid \d+\)/g, '(pid <pid>)')
      .replace(/^ *\d+ "code":"(?:remote_error|budget_exhausted)"\n/gm, '')
      .replace(/^ *\d+ (?="code")/gm, '<count> ')
      .replace(/sick:(?: \d+ 50[23])+$/gm, 'sick: <failures only>')
      .replace(/"(outage|flap|sick)":\d+/g, '"$1":<count>')
      // The first line is ours: bounded by what the budget holds, less where the breaker has opened.
      .replace(/(?<=100 calls, attempts "injected":\{"storm":)\d+/, '<count>')
      .replace(/("ejectedForMs":)[1-9]\d*/g, '$1<ms>')
  );
}

test('the experiments of docs/guides/failure-tour.md', async () => {
  const ports = new Map(await Promise.all(PORTS.map(async (usual) => [usual, String(await freePort())] as const)));
  const env = Object.fromEntries(Object.entries(SETTINGS).map(([name, usual]) => [name, ports.get(usual) ?? '']));
  const start = spawnScript('runner/src/start.ts', { ...env, LOG_LEVEL: 'fatal' });
  await expect.poll(start.output, { timeout: 20_000 }).toContain('Stop: Ctrl-C');
  const here = (text: string) =>
    text
      .replace(/\b\d{4}\b/g, (number) => ports.get(number) ?? number)
      // A developer's own system may run beside this one.
      .replace(/\bfaults \w+ greeter\b/g, `$& --pid ${start.pid}`);
  // What an edge started by hand would find at the greeter's usual port.
  const paste = openShell({ ...process.env, LOG_LEVEL: 'fatal', GREETER_URL: here('http://127.0.0.1:5000') });

  expect(experiments).toHaveLength(12);
  const blocks = ['The failure tour', ...experiments].flatMap((heading) =>
    shellBlocks(heading, PAGE).map((block) => ({ heading, ...block })),
  );
  expect(blocks).toHaveLength(countShellBlocks(PAGE));
  expect(blocks.filter(({ commands }) => needsCompose(commands))).toHaveLength(2);
  for (const { heading, commands, output } of blocks.filter((block) => !needsCompose(block.commands))) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other, as a reader does
    const got = await paste(here(commands));
    expect(seen(got), `${heading}\n${commands}`).toBe(seen(here(output ?? '')));
    claims[heading]?.(got);
  }
}, 120_000);

test('every experiment names the page of the policy at work', () => {
  for (const section of page.split(/^(?=## )/m).filter((text) => /^## \d/.test(text))) {
    expect(section).toMatch(/\]\(\.\.\/policies\/[\w-]+\.md\)/);
  }
});
