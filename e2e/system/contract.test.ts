import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { copySources, typeErrors } from '../harness/sources-copy.ts';

/** The type errors of a copy of the sources in which `from` is replaced by `to` in one file. */
function errorsWith(file: string, from: string, to: string): Promise<string[]> {
  const copy = copySources();
  const source = readFileSync(join(copy, file), 'utf8');
  expect(source).toContain(from);
  writeFileSync(join(copy, file), source.replaceAll(from, to));
  return typeErrors(copy);
}

test('renaming a field of the response compiles neither in the greeter nor in the edge', async () => {
  const errors = await errorsWith('packages/greetings/src/greeter.ts', ' message: z', ' greeting: z');
  for (const file of ['services/greeter/src/routes/hello.ts', 'services/edge/src/routes/hello.ts']) {
    expect(errors.filter((error) => error.startsWith(file))).not.toEqual([]);
  }
});

test('renaming a field of the query does not compile in the greeter', async () => {
  const errors = await errorsWith('packages/greetings/src/greeter.ts', '{ name: nameSchema', '{ who: nameSchema');
  expect(errors.filter((error) => error.startsWith('services/greeter/src/routes/hello.ts'))).not.toEqual([]);
});

test('the sources as they are compile', async () => {
  expect(await errorsWith('packages/greetings/src/greeter.ts', 'Greets', 'Greets')).toEqual([]);
});
