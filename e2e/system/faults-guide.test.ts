/** The page on faults does what it says: every command, with the output that stands there. */
import { expect, test } from 'vitest';
import { countShellBlocks, shell, shellBlocks, withoutChance } from '../harness/readme.ts';
import { startSystem } from '../harness/system.ts';

const PAGE = 'docs/guides/faults.md';

test('the commands of docs/guides/faults.md', async () => {
  const { edge, greeter } = await startSystem();
  const ports: Record<string, string> = {
    8080: new URL(edge.url).port,
    8081: new URL(edge.opsUrl).port,
    5000: new URL(greeter.url).port,
    5001: new URL(greeter.opsUrl).port,
  };
  const here = (text: string) =>
    text.replace(/127\.0\.0\.1:(\d{4})\b/g, (_all, port: string) => `127.0.0.1:${ports[port]}`);
  const blocks = [
    'One request',
    'Everybody: a plan',
    'Delays from a distribution',
    'What happened to a request',
  ].flatMap((heading) => shellBlocks(heading, PAGE));
  expect(blocks).toHaveLength(countShellBlocks(PAGE));
  for (const { commands, output = '' } of blocks) {
    const got = await shell(here(commands), process.env);
    expect(withoutChance(got), commands).toBe(withoutChance(here(output)));
  }
}, 120_000);
