import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ROOT, SERVICES, startScriptOf } from '../src/services.ts';

test.each(SERVICES)('%s runs with the flags of its start script, which are those of its image', (name) => {
  const { main, nodeFlags } = startScriptOf(name);
  expect(main).toMatch(new RegExp(`/services/${name}/src/main\\.ts$`));
  const dockerfile = readFileSync(new URL('Dockerfile', ROOT), 'utf8');
  expect(dockerfile).toContain(`CMD ${JSON.stringify(['node', ...nodeFlags, 'src/main.ts']).replaceAll(',', ', ')}\n`);
});

test('a folder that is no service is refused', () => {
  expect(() => startScriptOf('../packages/client')).toThrow(
    'the start script of ../packages/client must be: node <flags> <file>; it is undefined',
  );
});
