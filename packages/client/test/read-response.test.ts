import { defineOperation } from '@halfopen/contracts';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { parseMediaType } from '../src/media-type.ts';
import { readResponse } from '../src/read-response.ts';

const operation = defineOperation({
  name: 'hello',
  method: 'GET',
  path: '/hello',
  safety: 'safe',
  summary: 'Greets',
  query: z.object({}),
  response: z.object({ message: z.string() }),
  problems: [],
});

const read = (headers: { contentType?: string | undefined; contentEncoding?: string }) =>
  readResponse(
    operation,
    {
      status: 200,
      contentType: 'application/json',
      cacheControl: undefined,
      contentEncoding: undefined,
      retryAfterMs: undefined,
      fault: undefined,
      body: Buffer.from('{"message":"Hi"}'),
      ...headers,
    },
    1_000,
  );

test.each([
  'application/json',
  'application/json;',
  'application/json; ',
  'Application/JSON; charset=UTF-8',
  'application/json; charset=utf-8;',
  'application/json;;charset=utf-8',
  'application/json ; charset="utf-8"',
  'application/json; CHARSET="UTF-8"',
  String.raw`application/json; charset="ut\f-8"`,
  'application/json; charset=utf-8; profile="p"',
  'application/json; profile="a;charset=latin1\\";b"; charset=utf-8',
  'application/json;odata.metadata=minimal',
  'application/json; charset="utf-8" ;',
  'application/json; version=1',
])('%s is JSON (RFC 9110 §5.6.6, §8.3.1; RFC 8259 §11)', (contentType) => {
  expect(read({ contentType })).toEqual({ message: 'Hi' });
});

test.each([
  undefined,
  '',
  'text/json',
  'application/vnd.api+json',
  'application/json, application/json',
  'application/json; charset=latin1',
  'application/json; charset',
  'application/json; charset = utf-8',
  'application/json; profile="p',
  'application/jsonp',
  'application/json; charset=utf-8 x',
])('%s is not', (contentType) => {
  expect(() => read({ contentType })).toThrow('did not answer JSON');
});

test.each(['', 'identity', 'Identity', 'identity, identity', ' , '])('"%s" is no content coding', (contentEncoding) => {
  expect(read({ contentEncoding })).toEqual({ message: 'Hi' });
});

test.each(['gzip', 'br', 'identity, gzip', 'identityx', 'identity identity'])('"%s" is one', (contentEncoding) => {
  expect(() => read({ contentEncoding })).toThrow('a content coding');
});

/** How many times as long the work takes for four times as much: 4 if it grows with its size, 16 if with the square of it. */
function growth(work: (size: number) => void): number {
  const bestMs = (size: number) => {
    const times = Array.from({ length: 10 }, () => {
      const startedAt = performance.now();
      work(size);
      return performance.now() - startedAt;
    });
    return Math.min(...times);
  };
  bestMs(3_000);
  return bestMs(12_000) / bestMs(3_000);
}

test.each<[string, (size: number) => string]>([
  // An expression that tries every way takes exponential time for these: one header would stop the process.
  ['separators', (size) => `application/json${' ;'.repeat(size / 2)}"`],
  ['blanks', (size) => `application/json${' '.repeat(size)}"`],
  ['an open quotation', (size) => `application/json; x="${'\\a'.repeat(size / 2)}`],
])('the time for a content type grows with its length: %s', (_what, header) => {
  expect(() => read({ contentType: header(12_000) })).toThrow('did not answer JSON');
  expect(growth((size) => parseMediaType(header(size)))).toBeLessThan(8);
});
