/** What is known to be wrong before anything is started. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { addressMistakes } from '../src/commands/addresses.ts';
import { readExperimentFiles } from '../src/commands/experiment-files.ts';
import { type Place, placeChecks } from '../src/experiment/place-checks.ts';
import { ExperimentError, readExperiment } from '../src/experiment/read-experiment.ts';

describe('addresses', () => {
  test.each([
    ['embedded', { on: 'embedded' }],
    ['compose with a wire', { on: 'compose', wire: 'http://127.0.0.1:8474' }],
    ['a URL', { on: 'http://127.0.0.1:8080' }],
    ['https and a path', { on: 'https://example.test/api/' }],
  ])('%s will do', (_what, given) => {
    expect(addressMistakes(given)).toEqual([]);
  });

  test.each([
    [
      'another place',
      { on: 'mars' },
      ['--on mars is not possible: embedded, compose, or a URL such as http://127.0.0.1:8080'],
    ],
    ['no URL', { on: 'http://' }, ['--on http:// is not a URL, such as http://127.0.0.1:8080']],
    ['another protocol', { on: 'ftp://127.0.0.1' }, ['--on: must begin with http:// or https://']],
    [
      'a query',
      { on: 'http://127.0.0.1/?a=1' },
      ['--on: has a query or a fragment: path and query of each request belong to load.mix'],
    ],
    [
      'a fragment',
      { on: 'http://127.0.0.1/#a' },
      ['--on: has a query or a fragment: path and query of each request belong to load.mix'],
    ],
    [
      'a wire that is none',
      { on: 'embedded', wire: '127.0.0.1' },
      ['--wire 127.0.0.1 is not a URL, such as http://127.0.0.1:8080'],
    ],
    [
      'a wire with a query',
      { on: 'embedded', wire: 'http://127.0.0.1:8474?x' },
      ['--wire: has a query or a fragment: the API has neither'],
    ],
  ])('%s is a mistake', (_what, given, mistakes) => {
    expect(addressMistakes(given)).toEqual(mistakes);
  });

  test.each([
    { on: 'http://me:hunter2@127.0.0.1' },
    { on: 'http://hunter2@127.0.0.1' },
    { on: 'http://me:hunter2@ bad' },
    { on: 'me:hunter2@127.0.0.1' },
    { on: 'embedded', wire: 'http://me:hunter2@127.0.0.1' },
  ])('a password is refused, and not repeated: %o', (given) => {
    const [mistake, ...others] = addressMistakes(given);
    expect(others).toEqual([]);
    expect(mistake).toMatch(/^--(on|wire)\b/);
    expect(mistake).not.toContain('hunter2');
  });
});

describe('what cannot be had at a place', () => {
  const experiment = (
    method: string,
    hypothesis = '{ phase: during, metric: success, variant: a, atLeast: 0.9 }',
  ) => `title: T
why: W
load: { ratePerS: 50, beforeS: 2, duringS: 2, afterS: 2, mix: [{ path: /, headers: { a: '{env:TOKEN}' } }] }
variants: { a: {}, b: {} }
method:
  - ${method}
hypothesis:
  - ${hypothesis}
abortWhen: { edgeRssBytes: 1000000000 }
`;
  const mistakesAt = (place: Partial<Place>, text: string) => {
    const whole: Place = { on: 'embedded', hasWire: false, variant: 'a', env: { TOKEN: 'x' }, ...place };
    try {
      readExperiment(text, 'x.yaml', (one) => placeChecks(one, whole));
    } catch (error) {
      if (error instanceof ExperimentError) return error.message.split('\n');
      throw error;
    }
    return [];
  };
  const rss =
    'x.yaml:9:28: abortWhen.edgeRssBytes: cannot be measured at a URL, so this limit would stop nothing (it is 1000000000)';
  const wire = '{ layer: wire, toxics: [{ type: timeout }] }';
  const named = '{ layer: wire, proxy: db, toxics: [{ type: timeout }] }';
  const process = '{ layer: process, action: pause }';

  test.each([
    ['a process, embedded', {}, process, []],
    [
      'a process at a URL',
      { on: 'url' },
      process,
      [
        'x.yaml:6:14: method[0].layer: is not possible at a URL; only the wire can be broken there (it is "process")',
        rss,
      ],
    ],
    [
      'a wire without a proxy',
      {},
      wire,
      [
        'x.yaml:6:14: method[0].layer: needs a proxy that speaks the HTTP API of Toxiproxy: give its address with --wire URL (it is "wire")',
      ],
    ],
    ['a wire with one', { hasWire: true }, wire, []],
    [
      'a wire without a name under compose',
      { on: 'compose', hasWire: true },
      wire,
      [
        'x.yaml:6:14: method[0].layer: needs proxy: only in the embedded system does the runner put one in front of each greeter (it is "wire")',
      ],
    ],
    ['a wire with a name at a URL', { on: 'url', hasWire: true }, named, [rss]],
    [
      'a variable that is not there',
      { env: {} },
      process,
      [
        expect.stringMatching(
          /^x\.yaml:3:89: load\.mix\[0\]\.headers\.a: asks for the variable TOKEN, which is not in the environment/,
        ),
      ],
    ],
  ] as const)('%s', (_what, place, method, mistakes) => {
    expect(mistakesAt(place, experiment(method))).toEqual(mistakes);
  });

  test.each(['amplification', 'successPerAttempt'])('%s at a URL, of the variant that is run', (metric) => {
    const text = (variant: string) =>
      experiment(named, `{ phase: during, metric: ${metric}, variant: ${variant}, atLeast: 0.9 }`);
    const place = { on: 'url', hasWire: true } as const;
    expect(mistakesAt(place, text('a'))).toEqual([
      `x.yaml:8:30: hypothesis[0].metric: cannot be measured at a URL, because attempts cannot be counted there (it is "${metric}")`,
      rss,
    ]);
    expect(mistakesAt(place, text('b'))).toEqual([rss]);
    expect(mistakesAt({ hasWire: true }, text('a'))).toEqual([]);
  });
});

test('every mistake of every file is named, and what cannot be read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'experiments-'));
  mkdirSync(join(folder, 'sub'));
  writeFileSync(join(folder, 'bad.yaml'), 'title: T\n');
  const { files, mistakes } = readExperimentFiles([
    join(folder, 'sub'),
    join(folder, 'none.yaml'),
    join(folder, 'bad.yaml'),
    new URL('../../experiments/poison.yaml', import.meta.url).pathname,
  ]);
  expect(files.map(({ file }) => file)).toEqual(['experiments/poison.yaml']);
  expect(mistakes).toEqual([
    expect.stringMatching(/\/sub: is a folder$/),
    expect.stringMatching(/\/none\.yaml: there is no such file$/),
    expect.stringMatching(/\/bad\.yaml:1:1: why: is missing/),
  ]);
});
