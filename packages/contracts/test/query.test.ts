import { describe, expect, test } from 'vitest';
import { formatQuery, MalformedQueryError, parseQuery } from '../src/index.ts';

describe('parseQuery', () => {
  test.each([
    ['', {}],
    ['name=John', { name: 'John' }],
    ['name=John+Doe&x=%2B', { name: 'John Doe', x: '+' }],
    ['name', { name: '' }],
    ['name=a=b', { name: 'a=b' }],
    ['&&a=1&', { a: '1' }],
    ['a=1&b=2&a=3&a=4', { a: ['1', '3', '4'], b: '2' }],
    ['%6eame=%E4%BD%A0', { name: '你' }],
  ])('%j', (query, values) => {
    expect({ ...parseQuery(query) }).toEqual(values);
  });

  test('names of the object prototype are ordinary names', () => {
    const parsed = parseQuery('__proto__=1&constructor=2');
    expect(Object.entries(parsed)).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
    ]);
    expect('toString' in parseQuery('')).toBe(false);
  });

  test.each(['name=%', 'name=%zz', 'name=%ff', 'name=%c0%80', 'name=%ed%a0%80', '%ff=1'])(
    '%s is malformed',
    (query) => {
      expect(() => parseQuery(query)).toThrow(MalformedQueryError);
    },
  );
});

test('formatQuery is read back as it was', () => {
  const values = { name: 'J. & K. = 100 % +1 你', other: 'x' };
  const query = formatQuery({ ...values, missing: undefined });
  expect(query.startsWith('?name=')).toBe(true);
  expect({ ...parseQuery(query.slice(1)) }).toEqual(values);
  expect(formatQuery({})).toBe('');
});
