import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('pnpm judges packages by the Node that runs them', () => {
  const settings = readFileSync(new URL('../../pnpm-workspace.yaml', import.meta.url), 'utf8');
  const [, installed] = /^ {2}node: npm:node@(\S+)$/m.exec(settings) ?? [];
  const [, judgedBy] = /^nodeVersion: (\S+)$/m.exec(settings) ?? [];
  expect(installed).toMatch(/^\d+\.\d+\.\d+$/);
  expect(judgedBy).toBe(installed);
});
