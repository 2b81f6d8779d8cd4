import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ambiguousAddresses } from '../pages/addresses.ts';

test('a page that says localhost where it means 127.0.0.1 is named with its place', () => {
  const root = mkdtempSync(join(tmpdir(), 'addresses-'));
  onTestFinished(() => {
    rmSync(root, { recursive: true });
  });
  const text =
    '# A\n\n```sh\ncurl http://localhost:8080/hello "localhost:$port"\n```\n`localhost` may be ::1. http://127.0.0.1:8080\n';
  writeFileSync(join(root, 'a.md'), text);
  expect(ambiguousAddresses(root)).toEqual([
    'a.md:4: localhost:8080: write 127.0.0.1:8080',
    'a.md:4: localhost:$port: write 127.0.0.1:$port',
  ]);
});
