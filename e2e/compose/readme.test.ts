/** The README does what it says: every command under "With Docker", with the output that stands there. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { shell, shellBlocks, withoutChance } from '../harness/readme.ts';
import { env, requireEngine } from './compose.ts';

const down = () => shell('docker compose down --volumes --remove-orphans --rmi local', env);

beforeAll(async () => {
  await requireEngine();
  await down();
});
afterAll(down);

test('the commands under "With Docker"', async () => {
  const blocks = shellBlocks('With Docker');
  expect(blocks.length).toBeGreaterThan(1);
  for (const { commands, output } of blocks) {
    const got = await shell(commands.replaceAll('127.0.0.1:8080', `127.0.0.1:${env.EDGE_PORT}`), env);
    if (output !== undefined) expect(withoutChance(got), commands).toBe(withoutChance(output));
  }
});
