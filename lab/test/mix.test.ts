import { expect, test } from 'vitest';
import { missingVariables } from '../src/experiment/placeholders.ts';
import { prepareMix } from '../src/load/mix.ts';

const entry = {
  weight: 1,
  method: 'POST' as const,
  path: '/orders?of={n}',
  headers: {},
  expect: { status: 201 },
};

test('each arrival has its own number in path, headers and body', () => {
  const [request] = prepareMix(
    [{ ...entry, headers: { 'x-order': 'o-{n}' }, body: { json: { id: '{n}', n: 1 } } }],
    {},
  );
  expect(request?.path(7)).toBe('/orders?of=7');
  expect(request?.headers(7)).toEqual({ 'content-type': 'application/json', 'x-order': 'o-7' });
  expect(request?.body(8)).toBe('{"id":"8","n":1}');
});

test('the type of a body is what it was given as, unless a header says it', () => {
  const typeOf = (body: { json?: string; text?: string }, headers = {}) =>
    prepareMix([{ ...entry, body, headers }], {})[0]?.headers(0);
  expect(typeOf({ text: 'a=1' })).toEqual({ 'content-type': 'text/plain; charset=utf-8' });
  expect(typeOf({ json: 'a' })).toEqual({ 'content-type': 'application/json' });
  expect(typeOf({ text: 'a=1' }, { 'Content-Type': 'application/x-www-form-urlencoded' })).toEqual({
    'Content-Type': 'application/x-www-form-urlencoded',
  });
  expect(prepareMix([entry], {})[0]?.headers(0)).toEqual({});
});

test('a header is filled from the environment, and a variable that is not there is named with its place', () => {
  const mix = [entry, { ...entry, headers: { authorization: 'Bearer {env:TOKEN}', 'x-tenant': '{env:TENANT}' } }];
  expect(prepareMix(mix, { TOKEN: 't', TENANT: 'a' })[1]?.headers(0)).toEqual({
    authorization: 'Bearer t',
    'x-tenant': 'a',
  });
  expect(missingVariables(mix, { TOKEN: '' })).toEqual([
    { variable: 'TENANT', path: ['load', 'mix', 1, 'headers', 'x-tenant'] },
  ]);
});
