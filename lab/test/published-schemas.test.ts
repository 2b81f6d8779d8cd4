/** The published schemas, asked by a validator that knows nothing of how they were made. */
import { globSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { ExperimentResult } from '../src/result/result.ts';
import { sampleResult } from './sample-result.ts';

const folder = new URL('../../experiments/', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, folder), 'utf8');

/** @returns a check that gives the places that are wrong */
function published(name: string) {
  // `strict`: a schema that says something which nobody checks is a mistake, too.
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true });
  addFormats.default(ajv);
  const validate = ajv.compile(JSON.parse(read(name)));
  return (value: unknown) => {
    validate(value);
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  };
}

describe('the schema of an experiment', () => {
  const check = published('experiment.schema.json');
  const files = globSync('*.yaml', { cwd: folder });

  test.each(files)('accepts %s', (file) => {
    expect(check(parse(read(file)))).toEqual([]);
  });

  const [first = ''] = files;
  const experiment = parse(read(first)) as { load: object; method: object[]; hypothesis: object[] };
  const load = (member: object) => ({ ...experiment, load: { ...experiment.load, ...member } });
  const bound = (members: object) => ({ ...experiment, hypothesis: [{ phase: 'during', variant: 'a', ...members }] });
  test.each([
    ['a member that is not known', load({ ratePerSec: 7 }), '/load must NOT have additional properties'],
    ['a rate of nought', load({ ratePerS: 0 }), '/load/ratePerS must be > 0'],
    [
      'a path that is none',
      load({ mix: [{ path: 'hello' }] }),
      String.raw`/load/mix/0/path must match pattern "^\/[\x21-\x7e]*$"`,
    ],
    ['no hypothesis', { ...experiment, hypothesis: [] }, '/hypothesis must NOT have fewer than 1 items'],
    [
      'an unknown metric',
      { ...experiment, hypothesis: [{ ...experiment.hypothesis[0], metric: 'luck' }] },
      '/hypothesis/0/metric must be equal to one of the allowed values',
    ],
    ['a share in percent', bound({ metric: 'success', atLeast: 98 }), '/hypothesis/0/atLeast must be <= 1'],
    ['a share below nought', bound({ metric: 'wrong', atMost: -0.1 }), '/hypothesis/0/atMost must be >= 0'],
    ['a time below nought', bound({ metric: 'p99Ms', atMost: -1 }), '/hypothesis/0/atMost must be >= 0'],
    [
      'a difference of shares in percentage points',
      bound({ metric: 'success', minus: 'b', atLeast: -20 }),
      '/hypothesis/0/atLeast must be >= -1',
    ],
  ])('refuses %s', (_, value, mistake) => {
    expect(check(value)).toContain(mistake);
  });

  const edge = (env: object) => ({ ...experiment, variants: { a: { edge: env } } });
  const plan = (fault: object) => ({ ...experiment, method: [{ layer: 'plan', faults: [{ id: 'a', ...fault }] }] });
  test.each([
    ['no variant', { ...experiment, variants: {} }, '/variants must NOT have fewer than 1 properties'],
    [
      'a setting that there is not',
      edge({ EDGE_DEADLINE: 1 }),
      '/variants/a/edge/EDGE_DEADLINE boolean schema is false',
    ],
    ['a setting that is the runner’s', edge({ EDGE_PORT: 1 }), '/variants/a/edge/EDGE_PORT boolean schema is false'],
    [
      'a word that a setting does not take',
      edge({ GREETER_CALL_POLICY: 'some' }),
      '/variants/a/edge/GREETER_CALL_POLICY must be equal to one of the allowed values',
    ],
    ['a share of requests above 1', plan({ rate: 2, hang: true }), '/method/0/faults/0/rate must be <= 1'],
    ['a negative delay', plan({ delayMs: -1 }), '/method/0/faults/0/delayMs must be >= 0'],
    ['a status that is no failure', plan({ status: 200 }), '/method/0/faults/0/status must be >= 400'],
    ['half a hit', plan({ hang: true, count: 1.5 }), '/method/0/faults/0/count must be integer'],
    [
      'a misspelt attribute of a toxic',
      { ...experiment, method: [{ layer: 'wire', toxics: [{ type: 'latency', attributes: { latenci: 1 } }] }] },
      '/method/0/toxics/0/attributes must NOT have additional properties',
    ],
  ])('refuses %s', (_, value, mistake) => {
    expect(check(value)).toContain(mistake);
  });

  test('accepts settings, and variables that are none', () => {
    expect(check(edge({ EDGE_DEADLINE_MS: 1_000, GREETER_CALL_RETRY_RATIO: '0.2', NODE_OPTIONS: '-r x' }))).toEqual([]);
  });

  test('accepts every bound that can be met', () => {
    expect(check(bound({ metric: 'success', atLeast: 0, atMost: 1 }))).toEqual([]);
    expect(check(bound({ metric: 'success', minus: 'b', atLeast: -0.2 }))).toEqual([]);
    expect(check(bound({ metric: 'p99Ms', atMost: 900 }))).toEqual([]);
    expect(check(bound({ metric: 'p99Ms', minus: 'b', atMost: -5 }))).toEqual([]);
  });
});

/** The members that a schema has and does not explain. */
function unexplained(schema: unknown, path = ''): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties = {}, items, additionalProperties, anyOf = [], oneOf = [] } = schema as Record<string, object>;
  const inner = [items, additionalProperties, ...Object.values(anyOf), ...Object.values(oneOf)];
  return [
    ...inner.flatMap((one) => unexplained(one, path)),
    ...Object.entries(properties).flatMap(([name, member]) => [
      ...('description' in member ? [] : [`${path}.${name}`]),
      ...unexplained(member, `${path}.${name}`),
    ]),
  ];
}

test('every member of an experiment is explained', () => {
  const schema = JSON.parse(read('experiment.schema.json'));
  expect(unexplained(schema)).toEqual([]);
  // So that it is known to have looked.
  expect(unexplained({ properties: { a: { items: { properties: { b: {} } } } } })).toEqual(['.a', '.a.b']);
});

describe('the schema of a result', () => {
  const check = published('result.schema.json');
  const result = JSON.parse(JSON.stringify(sampleResult())) as ExperimentResult;

  test('accepts one, given up or not', () => {
    expect(check(result)).toEqual([]);
    expect(check({ ...result, sound: false, gaveUpFor: 'late' })).toEqual([]);
  });

  const { verdict: _, ...undecided } = result;
  const { runs = [] } = result.variants[0] ?? {};
  const requests = (member: object) => ({
    ...result,
    variants: [{ ...result.variants[0], runs: [{ ...runs[0], requests: { ...runs[0]?.requests, ...member } }] }],
  });
  test.each([
    ['one without a verdict', undecided, " must have required property 'verdict'"],
    ['another verdict', { ...result, verdict: 'great' }, '/verdict must be equal to one of the allowed values'],
    ['a member that is not known', { ...result, luck: 1 }, ' must NOT have additional properties'],
    [
      'a date that is none',
      { ...result, provenance: { ...result.provenance, startedAt: 'today' } },
      '/provenance/startedAt must match format "date-time"',
    ],
    ['fewer requests than none', requests({ count: -1 }), '/variants/0/runs/0/requests/count must be >= 0'],
  ])('refuses %s', (__, value, mistake) => {
    expect(check(value)).toContain(mistake);
  });

  test('refuses requests that are not base64', () => {
    expect(check(requests({ outcome: 'a b' })).join()).toContain('/requests/outcome must match pattern');
  });
});
