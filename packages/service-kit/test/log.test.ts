import { describe, expect, test } from 'vitest';
import { createLog } from '../src/log.ts';

/** The longest line of an error that the chassis writes. */
function lineOf(err: unknown): string {
  let written = '';
  const log = createLog('greeter', 'info', {
    write: (line) => {
      written += line;
    },
  });
  log.error({ requestId: 'r'.repeat(128), method: 'PROPPATCH', route: '/openapi.json', err }, 'unexpected error');
  return written;
}

/** As the errors of HTTP libraries are (axios #2648). */
function leakyError(message: string, cause?: unknown): Error {
  const headers = { authorization: 'Bearer s3cret' };
  return Object.assign(new TypeError(message, { cause }), {
    code: 'ERR_BAD_RESPONSE',
    config: { headers, data: 's3cret' },
    request: { headers },
    response: { headers, data: 's3cret'.repeat(1_000) },
  });
}

function chain(depth: number, message: string): Error {
  return leakyError(message, depth === 0 ? undefined : chain(depth - 1, message));
}

const circular = leakyError('a');
circular.cause = circular;

describe('the line of an error is below 1,024 bytes and carries no secret', () => {
  test.each<[string, unknown]>([
    ['a message of 10 kB', new Error('x'.repeat(10_000))],
    ['causes 50 deep, each with a long message', chain(50, 'x'.repeat(10_000))],
    ['characters of several bytes', chain(5, '👨‍👩‍👧‍👦'.repeat(1_000))],
    ['characters that JSON escapes sixfold', chain(5, '\u0001'.repeat(10_000))],
    ['lone surrogates', chain(5, '\ud800'.repeat(10_000))],
    ['a cause that is itself', circular],
    [
      'a long stack',
      Object.assign(new Error('a'), { stack: `Error: a\n${'    at f (file:///a.ts:1:1)\n'.repeat(1_000)}` }),
    ],
    ['a long name and code', Object.assign(new Error('a'), { name: 'N'.repeat(1_000), code: 'C'.repeat(1_000) })],
    ['a stack that is none', Object.assign(new Error('a'), { stack: { s3cret: true } })],
    ['a message that is none', Object.assign(new Error('a'), { message: { s3cret: true } })],
    ['an object', { authorization: 's3cret', toString: () => 's3cret' }],
    ['an object without prototype', Object.create(null)],
    ['a text', 'x'.repeat(10_000)],
    ['a symbol', Symbol('x')],
  ])('%s', (_what, error) => {
    const line = lineOf(error);
    expect(Buffer.byteLength(line)).toBeLessThan(1_024);
    expect(line.match(/\n/g)).toHaveLength(1);
    expect(line).not.toContain('s3cret');
    expect(JSON.parse(line)).toMatchObject({ level: 'error', err: { message: expect.any(String) } });
  });

  test('what helps to find the error is there: type, code, message, first frames, first causes', () => {
    const { err } = JSON.parse(lineOf(chain(5, 'it broke')));
    const named = { type: 'TypeError', code: 'ERR_BAD_RESPONSE', message: 'it broke' };
    expect(err).toMatchObject({ ...named, cause: { ...named, cause: named } });
    expect(err.cause.cause.cause).toBeUndefined();
    expect(err.stack).toMatch(/^ +at leakyError .*log\.test\.ts/);
  });

  test('even beside the longest causes there is a frame', () => {
    expect(JSON.parse(lineOf(chain(5, 'x'.repeat(10_000)))).err.stack).toMatch(/^ +at leakyError .{40}/);
  });
});
