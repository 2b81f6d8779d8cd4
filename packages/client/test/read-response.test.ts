import { defineOperation } from '@halfopen/contracts';
import { expect, test } from 'vitest';
import { z } from 'zod';
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
])('%s is not', (contentType) => {
  expect(() => read({ contentType })).toThrow('did not answer JSON');
});

test.each(['', 'identity', 'Identity', 'identity, identity', ' , '])('"%s" is no content coding', (contentEncoding) => {
  expect(read({ contentEncoding })).toEqual({ message: 'Hi' });
});

test.each(['gzip', 'br', 'identity, gzip', 'identityx', 'identity identity'])('"%s" is one', (contentEncoding) => {
  expect(() => read({ contentEncoding })).toThrow('encoded its answer');
});
