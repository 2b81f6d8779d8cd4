import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ExperimentError, readExperiment } from '../src/experiment/read-experiment.ts';

const GOOD = `title: A test
why: Somebody believes it.
load:
  ratePerS: 100
  beforeS: 2
  duringS: 3
  afterS: 2
variants:
  standard: { edge: { GREETER_CALL_POLICY: standard } }
  none:
    edge: { GREETER_CALL_POLICY: none, EDGE_DEADLINE_MS: 1000 }
method:
  - layer: plan
    faults:
      - { id: slow, rate: 0.3, delayMs: 800 }
hypothesis:
  - { phase: during, metric: success, variant: standard, atLeast: 0.9 }
`;

function mistakesOf(text: string): string[] {
  try {
    readExperiment(text, 'x.yaml');
  } catch (error) {
    if (error instanceof ExperimentError) return error.message.split('\n');
    throw error;
  }
  return [];
}

test('an experiment is read, with its defaults', () => {
  const { seed, repeat, load, variants, method } = readExperiment(GOOD, 'x.yaml');
  expect([seed, repeat]).toEqual([1, 1]);
  expect(load).toMatchObject({ arrivals: 'poisson', warmUpS: 8, timeoutMs: 5_000, ramps: [] });
  expect(load.mix[0]?.expect.json).toEqual({ message: 'Hello, caller-{n}!' });
  expect(variants.none).toEqual({
    edge: { GREETER_CALL_POLICY: 'none', EDGE_DEADLINE_MS: 1_000 },
    greeter: {},
    replicas: 1,
  });
  expect(method[0]).toMatchObject({ layer: 'plan', faults: [{ id: 'slow', rate: 0.3, delayMs: 800 }] });
});

test('the committed experiments are experiments', () => {
  const files = globSync(new URL('../../experiments/*.yaml', import.meta.url).pathname);
  expect(files.length).toBeGreaterThanOrEqual(8);
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=./experiment.schema.json');
    expect(() => readExperiment(text, file)).not.toThrow();
  }
});

describe('a mistake is named with file, line, column, and what would do', () => {
  const replaced = (from: string, to: string) => {
    expect(GOOD).toContain(from);
    return mistakesOf(GOOD.replace(from, to));
  };

  test.each([
    ['not YAML', 'title: A test', 'title: "A test', /^x\.yaml:\d+:\d+: /],
    ['a key twice', 'title: A test', 'title: A test\ntitle: B', 'x.yaml:2:1: Map keys must be unique'],
    [
      'a number that is text',
      'ratePerS: 100',
      'ratePerS: fast',
      'x.yaml:4:13: load.ratePerS: must be a number, not "fast"',
    ],
    ['a number out of range', 'ratePerS: 100', 'ratePerS: -1', 'x.yaml:4:13: load.ratePerS: must be above 0, not -1'],
    ['a missing member', '  ratePerS: 100\n', '', 'x.yaml:3:1: load.ratePerS: is missing; it takes a number'],
    [
      'an unknown member',
      'ratePerS: 100',
      'ratePerS: 100\n  rampe: []',
      'x.yaml:5:3: load.rampe: there is no such member; did you mean ramps?',
    ],
    [
      'an unknown member that is like no other',
      'ratePerS: 100',
      'ratePerS: 100\n  burst: 3',
      'x.yaml:5:3: load.burst: there is no such member; there are ratePerS, arrivals, warmUpS, beforeS, duringS, afterS, ramps, timeoutMs, maxLatenessMs, mix',
    ],
    [
      'a request that GET cannot carry',
      'ratePerS: 100',
      "ratePerS: 100\n  mix: [{ path: '/', body: { text: x } }]",
      'x.yaml:5:22: load.mix[0].body: is only allowed with POST, PUT, PATCH or DELETE',
    ],
    [
      'a header that the runner sets',
      'ratePerS: 100',
      "ratePerS: 100\n  mix: [{ path: '/', headers: { X-Request-Id: x } }]",
      'x.yaml:5:33: load.mix[0].headers.X-Request-Id: the name is a header that the runner sets: leave it out',
    ],
    [
      'a path that cannot be sent as it is',
      'ratePerS: 100',
      "ratePerS: 100\n  mix: [{ path: '/a b' }]",
      /^x\.yaml:5:17: load\.mix\[0\]\.path: must begin with \/, and be written as it is sent/,
    ],
    [
      'an unknown layer',
      'layer: plan',
      'layer: plane',
      'x.yaml:13:12: method[0].layer: cannot be "plane"; did you mean "plan"?',
    ],
    [
      'a member of another layer',
      'layer: plan',
      'layer: plan\n    toxics: []',
      'x.yaml:14:5: method[0].toxics: there is no such member; there are layer, phase, atS, untilS, label, replica, faults',
    ],
    [
      'a fault that does nothing',
      ', delayMs: 800',
      '',
      /^x\.yaml:15:9: method\[0\]\.faults\[0\]: does nothing: it needs delayMs or one of status/,
    ],
    [
      'a variant that does not exist',
      'variant: standard, atLeast',
      'variant: standart, atLeast',
      'x.yaml:17:48: hypothesis[0].variant: cannot be "standart"; did you mean "standard"?',
    ],
    ['a hypothesis without a bound', ', atLeast: 0.9', '', 'x.yaml:17:5: hypothesis[0]: needs atLeast or atMost'],
    [
      'a setting that is misspelt',
      'EDGE_DEADLINE_MS: 1000',
      'GREETER_CALL_ATEMPTS: 2',
      'x.yaml:11:40: variants.none.edge.GREETER_CALL_ATEMPTS: is not a setting of the edge; did you mean GREETER_CALL_ATTEMPTS?',
    ],
    [
      'a value that a setting does not take',
      'EDGE_DEADLINE_MS: 1000',
      'EDGE_DEADLINE_MS: 0',
      'x.yaml:11:58: variants.none.edge.EDGE_DEADLINE_MS: must be a whole number of milliseconds from 1 to 3600000, not 0',
    ],
    [
      "a setting of the edge's calls among those of the greeter",
      'EDGE_DEADLINE_MS: 1000 }',
      'EDGE_DEADLINE_MS: 1000 }\n    greeter: { GREETER_CALL_ATTEMPTS: 2 }',
      'x.yaml:12:16: variants.none.greeter.GREETER_CALL_ATTEMPTS: is a setting of the edge: it belongs under edge',
    ],
    [
      'a setting that is the runner’s own',
      'EDGE_DEADLINE_MS: 1000',
      'GREETER_URL: http://elsewhere',
      'x.yaml:11:40: variants.none.edge.GREETER_URL: is set by the runner: leave it out',
    ],
    [
      'recovery in the wrong phase',
      'metric: success',
      'metric: recoveryMs',
      'x.yaml:17:14: hypothesis[0].phase: must be after: recovery is what happens then (it is "during")',
    ],
    [
      'a recovery that nobody would see',
      '{ phase: during, metric: success, variant: standard, atLeast: 0.9 }',
      '{ phase: after, metric: recoveryMs, variant: standard, atMost: 1500 }',
      'x.yaml:17:68: hypothesis[0].atMost: needs a phase after that is at least a second longer than this: load.afterS is 2 (it is 1500)',
    ],
    [
      'a fault beyond the end',
      'layer: plan',
      'layer: plan\n    atS: 1\n    untilS: 9',
      'x.yaml:15:13: method[0].untilS: is after the end (7 s) (it is 9)',
    ],
    [
      'a replica that there is not',
      'layer: plan',
      'layer: plan\n    replica: 2',
      /^x\.yaml:14:14: method\[0\]\.replica: does not exist in variant standard, which has 1/,
    ],
    [
      'text where a map must be',
      'standard: { edge: { GREETER_CALL_POLICY: standard } }',
      'standard: fast',
      'x.yaml:9:13: variants.standard: must be a map, not "fast"',
    ],
    ['a list where a map must be', 'why: Somebody', 'why: [Somebody]\nx:', 'x.yaml:2:1: why: must be text, not a list'],
    ['no number', 'ratePerS: 100', 'ratePerS: .nan', 'x.yaml:4:13: load.ratePerS: must be a number, not NaN'],
    [
      'more than all numbers',
      'ratePerS: 100',
      'ratePerS: .inf',
      'x.yaml:4:13: load.ratePerS: must be a number, not Infinity',
    ],
    [
      'a title that a terminal would obey',
      'title: A test',
      'title: "A\\e[2J"',
      /^x\.yaml:1:8: title: must be one line of text, without control characters, not "A\\u001b\[2J"$/,
    ],
    [
      'an alias of nothing',
      'why: Somebody believes it.',
      'why: *w',
      'x.yaml:2:6: *w refers to nothing: there is no &w before it',
    ],
    [
      'an alias of what it is in',
      'method:',
      'method: &m\n  - *m',
      'x.yaml:13:5: *m refers to something that it is part of',
    ],
    [
      'aliases of aliases',
      'variants:',
      `x: [&a [1], &b [${'*a,'.repeat(30)}], &c [${'*b,'.repeat(30)}], [${'*c,'.repeat(30)}]]\nvariants:`,
      'x.yaml:8:17: refers to too much: aliases of aliases',
    ],
    [
      'a second document',
      'hypothesis:',
      '---\nhypothesis:',
      'x.yaml:16:1: a second document begins here, but a file holds one experiment',
    ],
    ['a variant that would be gone', '  none:', '  __proto__:', 'x.yaml:10:3: __proto__ cannot be used as a name'],
    [
      'a setting that would be gone',
      'EDGE_DEADLINE_MS:',
      '__proto__:',
      'x.yaml:11:40: __proto__ cannot be used as a name',
    ],
    [
      'a share in percent',
      'atLeast: 0.9',
      'atLeast: 98',
      'x.yaml:17:67: hypothesis[0].atLeast: a share is from 0 to 1; for 98 % write 0.98 (it is 98)',
    ],
    [
      'a share that none can be',
      'atLeast: 0.9',
      'atMost: -0.1',
      'x.yaml:17:66: hypothesis[0].atMost: a share is from 0 to 1 (it is -0.1)',
    ],
    [
      'a difference of shares in percentage points',
      'atLeast: 0.9',
      'minus: none, atLeast: -20',
      'x.yaml:17:80: hypothesis[0].atLeast: a difference of shares is from -1 to 1; for -20 % write -0.2 (it is -20)',
    ],
    ['a difference that can be', 'atLeast: 0.9', 'minus: none, atLeast: -0.2', []],
    [
      'a time below nought',
      'metric: success, variant: standard, atLeast: 0.9',
      'metric: p99Ms, variant: standard, atMost: -1',
      'x.yaml:17:64: hypothesis[0].atMost: must not be negative: only a difference can be (it is -1)',
    ],
    [
      'a difference of times below nought',
      'metric: success, variant: standard, atLeast: 0.9',
      'metric: p99Ms, variant: standard, minus: none, atMost: -1',
      [],
    ],
    [
      'two ways to say what a body must be',
      'ratePerS: 100',
      "ratePerS: 100\n  mix: [{ path: '/', expect: { jsonIncludes: {}, text: x } }]",
      'x.yaml:5:22: load.mix[0].expect: has jsonIncludes and text: only one of them is allowed',
    ],
    [
      'a body of a HEAD in part',
      'ratePerS: 100',
      "ratePerS: 100\n  mix: [{ path: '/', method: HEAD, expect: { jsonIncludes: {} } }]",
      'x.yaml:5:36: load.mix[0].expect: expects a body from a HEAD request, which has none: expect the status alone',
    ],
    ['wrong answers that cannot be told', '  afterS: 2', '  afterS: 2\n  mix: [{ path: / }]', []],
  ])('%s', (_what, from, to, expected) => {
    const mistakes = replaced(from, to);
    if (Array.isArray(expected)) expect(mistakes).toEqual(expected);
    else if (typeof expected === 'string') expect(mistakes).toContain(expected);
    else expect(mistakes[0]).toMatch(expected);
  });

  test('a hypothesis on wrong answers needs somebody who knows the right one', () => {
    const text = GOOD.replace('  afterS: 2', '  afterS: 2\n  mix: [{ path: / }]').replace(
      'metric: success',
      'metric: wrong',
    );
    expect(mistakesOf(text)).toEqual([
      'x.yaml:18:30: hypothesis[0].metric: cannot be seen: load.mix[0] does not say in expect what a right answer is (it is "wrong")',
    ]);
  });

  test.each([
    [
      'an attribute that is misspelt',
      'type: latency, attributes: { latenci: 10 }',
      'x.yaml:13:60: method[0].toxics[0].attributes.latenci: there is no such member; did you mean latency?',
    ],
    [
      'a negative latency',
      'type: latency, attributes: { latency: -5 }',
      'x.yaml:13:69: method[0].toxics[0].attributes.latency: -5 is not a whole number of milliseconds from 0 to 2147483647',
    ],
    [
      'an attribute that is text',
      "type: bandwidth, attributes: { rate: '10' }",
      'x.yaml:13:68: method[0].toxics[0].attributes.rate: "10" is not a whole number of kilobytes per second from 0 to 9007199254740991',
    ],
    [
      'a type that there is not',
      'type: latenci, attributes: { latency: 10 }',
      'x.yaml:13:37: method[0].toxics[0].type: cannot be "latenci"; did you mean "latency"?',
    ],
    [
      'one that does nothing',
      'type: slicer',
      'x.yaml:13:29: method[0].toxics[0].attributes: does nothing: it needs average_size or delay above 0',
    ],
    ['one of which 0 is the worst', 'type: timeout', undefined],
  ])('a toxic: %s', (_what, toxic, expected) => {
    const [head] = GOOD.split('  - layer: plan');
    const text = `${head}  - { layer: wire, toxics: [{ ${toxic} }] }\nhypothesis:${GOOD.split('hypothesis:')[1]}`;
    const mistakes = mistakesOf(text);
    expect(mistakes.length).toBe(expected === undefined ? 0 : 1);
    if (expected !== undefined) expect(mistakes[0]).toMatch(expected);
  });

  test('an answer that is known in part can be wrong', () => {
    const mix = '  mix: [{ path: /, expect: { jsonIncludes: { id: 1 } } }]';
    const text = GOOD.replace('  afterS: 2', `  afterS: 2\n${mix}`).replace('metric: success', 'metric: wrong');
    expect(mistakesOf(text)).toEqual([]);
  });

  test('an empty file', () => {
    expect(mistakesOf('')).toEqual(['x.yaml:1:1: is empty']);
    expect(mistakesOf('# only a comment\n')).toEqual(['x.yaml:1:1: is empty']);
  });

  test('what is shown of a file is bounded, and no terminal obeys it', () => {
    const long = mistakesOf(GOOD.replace('ratePerS: 100', `ratePerS: ${'x'.repeat(10_000)}`));
    expect(long).toEqual([expect.stringMatching(/ratePerS: must be a number, not "x{79}…$/)]);
    const named = mistakesOf(GOOD.replace('ratePerS: 100', `"${'x'.repeat(10_000)}\\e[2J": 100`));
    for (const one of named) expect(one.length).toBeLessThan(500);
    const many = mistakesOf(`${GOOD}${Array.from({ length: 1_000 }, (_, index) => `x${index}: 1\n`).join('')}`);
    expect(many.length).toBe(51);
    expect(many.at(-1)).toBe('and 950 more mistakes');
    expect(mistakesOf('title: A\n\0\u0001ELF')).toEqual(['x.yaml:2:1: a NUL byte: this is not text']);
    const noise = mistakesOf(
      String.fromCharCode(...Array.from({ length: 20_000 }, (_, index) => 1 + ((index * 7919) % 255))),
    );
    expect(noise.join('').length).toBeLessThan(60_000);
    expect(noise.join('')).not.toMatch(/\p{Cc}/u);
  });

  test('two faults that cannot be in force together', () => {
    const text = GOOD.replace('hypothesis:', '  - { layer: plan, faults: [{ id: slow, status: 503 }] }\nhypothesis:');
    expect(mistakesOf(text)).toEqual([
      'x.yaml:16:20: method[1].faults: has an id that another fault has at the same time',
    ]);
  });

  test.each([
    [
      'a phase that is too short',
      GOOD.replace('duringS: 3', 'duringS: -2'),
      'x.yaml:6:12: load.duringS: must be at least 1, not -2',
    ],
    [
      'a replica that no variant has',
      GOOD.replace('layer: plan', 'layer: plan\n    replica: 2'),
      'x.yaml:14:14: method[0].replica: does not exist in variant standard, which has 1, and in none, which has 1 (it is 2)',
    ],
  ])('%s is said once', (_what, text, mistake) => {
    expect(mistakesOf(text)).toEqual([mistake]);
  });

  test('all of them at once, in the order of the file', () => {
    const text = GOOD.replace('ratePerS: 100', 'ratePerS: 0').replace('atLeast: 0.9', 'atLeast: much');
    expect(mistakesOf(text).map((line) => line.split(' ')[0])).toEqual(['x.yaml:4:13:', 'x.yaml:17:67:']);
  });

  test('one mistake hides no other: names are checked, and times, wherever they are right', () => {
    const text = GOOD.replace('ratePerS: 100', 'ratePerSec: 100')
      .replace('GREETER_CALL_POLICY: standard', 'GREETER_CALL_POLICI: standard')
      .replace('layer: plan', 'layer: plan\n    atS: 1\n    untilS: 9')
      .replace('delayMs: 800', 'delayMS: 800')
      .replace('metric: success, variant: standard', 'metric: sucess, variant: standart');
    expect(mistakesOf(text)).toEqual([
      'x.yaml:4:3: load.ratePerSec: there is no such member; did you mean ratePerS?',
      'x.yaml:9:23: variants.standard.edge.GREETER_CALL_POLICI: is not a setting of the edge; did you mean GREETER_CALL_POLICY?',
      'x.yaml:15:13: method[0].untilS: is after the end (7 s) (it is 9)',
      'x.yaml:17:32: method[0].faults[0].delayMS: there is no such member; did you mean delayMs?',
      'x.yaml:19:30: hypothesis[0].metric: cannot be "sucess"; did you mean "success"?',
      'x.yaml:19:47: hypothesis[0].variant: cannot be "standart"; did you mean "standard"?',
    ]);
  });

  test('a name that is there already is not what was meant', () => {
    expect(mistakesOf(GOOD.replace('ratePerS: 100', 'ratePerS: 100\n  ratePerSec: 100'))).toEqual([
      expect.stringMatching(/^x\.yaml:5:3: load\.ratePerSec: there is no such member; there are /),
    ]);
  });

  test('a wrong time is no reason to find fault with the others', () => {
    expect(mistakesOf(GOOD.replace('layer: plan', 'layer: plan\n    atS: soon\n    untilS: 3'))).toEqual([
      'x.yaml:14:10: method[0].atS: must be a number, not "soon"',
    ]);
  });

  test.each([
    [
      'a list that is empty',
      /^hypothesis:[^]*/m,
      'hypothesis: []',
      'x.yaml:16:1: hypothesis: must have at least 1 element',
    ],
    [
      'a value of another kind',
      'EDGE_DEADLINE_MS: 1000',
      'EDGE_DEADLINE_MS: [1]',
      'x.yaml:11:40: variants.none.edge.EDGE_DEADLINE_MS: must be text or a number, not a list',
    ],
    [
      'too much text',
      'title: A test',
      `title: ${'x'.repeat(200)}`,
      /^x\.yaml:1:8: title: must have at most 120 characters \(it is "x{79}…\)$/,
    ],
  ])('in one voice: %s', (_what, from, to, expected) => {
    const mistakes = mistakesOf(GOOD.replace(from, to));
    expect(mistakes).toHaveLength(1);
    expect(mistakes[0]).toMatch(expected);
  });
});
