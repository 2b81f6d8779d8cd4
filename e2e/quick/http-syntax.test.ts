import { expect, test } from 'vitest';
import { exchange, get, startGreeter } from '../harness/system.ts';

/** What the syntax of HTTP demands of a server, beside what `hello.test.ts` and `http-server.test.ts` try. */

const IMF_FIXDATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

test('every answer has a Date, and a 204 has no length (RFC 9110 §6.6.1, §5.6.7, §8.6)', async () => {
  const { url, opsUrl } = await startGreeter();
  const etag = String((await get(`${url}/hello`)).headers.etag);
  const asked: [string, string, Record<string, string>, number][] = [
    [`${url}/hello`, 'GET', {}, 200],
    [`${url}/hello`, 'HEAD', {}, 200],
    [`${url}/hello`, 'OPTIONS', {}, 204],
    [`${url}/hello`, 'GET', { 'if-none-match': etag }, 304],
    [`${url}/hello?name=`, 'GET', {}, 400],
    [`${url}/nothing`, 'GET', {}, 404],
    [`${url}/hello`, 'POST', {}, 405],
    [`${url}/hello`, 'GET', { 'if-match': '"x"' }, 412],
    [`${opsUrl}/livez`, 'GET', {}, 200],
  ];
  for (const [target, method, headers, status] of asked) {
    const answer = await get(target, headers, method);
    expect(answer.status, `${method} ${target}`).toBe(status);
    expect(answer.headers.date, `${method} ${target}`).toMatch(IMF_FIXDATE);
    if (status === 204) expect(answer.headers['content-length']).toBeUndefined();
    if (status === 204 || status === 304) expect(answer.headers['transfer-encoding']).toBeUndefined();
  }
});

test('a refusal of the parser has a Date, too', async () => {
  const { url } = await startGreeter();
  const [, date] = /\r\ndate: ([^\r]*)\r\n/i.exec(await exchange(url, 'GARBAGE\r\n\r\n')) ?? [];
  expect(date).toMatch(IMF_FIXDATE);
});

test.each([
  ['white space before a colon (RFC 9112 §5.1)', 'GET /hello HTTP/1.1\r\nhost: x\r\nx-a : b\r\n\r\n'],
  ['white space before the first header (RFC 9112 §2.2)', 'GET /hello HTTP/1.1\r\n x: a\r\nhost: x\r\n\r\n'],
  ['a NUL in a value (RFC 9110 §5.5)', 'GET /hello HTTP/1.1\r\nhost: x\r\nx: a\0b\r\n\r\n'],
  ['a carriage return in a value (RFC 9112 §2.2)', 'GET /hello HTTP/1.1\r\nhost: x\r\nx: a\rb\r\n\r\n'],
  ['a line feed in the target', 'GET /hello\n HTTP/1.1\r\nhost: x\r\n\r\n'],
  ['a length of 23 digits', `GET /hello HTTP/1.1\r\nhost: x\r\ncontent-length: ${'9'.repeat(23)}\r\n\r\n`],
  ['a length with a sign', 'GET /hello HTTP/1.1\r\nhost: x\r\ncontent-length: +1\r\n\r\nx'],
])('refused with 400, and the connection closes: %s', async (_what, bytes) => {
  const { url } = await startGreeter();
  const answers = await exchange(url, bytes);
  expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400']);
});

test('no 100 for HTTP/1.0 (RFC 9110 §10.1.1, §15.2)', async () => {
  const { opsUrl } = await startGreeter({ FAULTS: 'on' });
  const body = '{"faults":[]}';
  const answers = await exchange(
    opsUrl,
    `PUT /faults HTTP/1.0\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  expect(answers.match(/HTTP\/1\.\d \d+/g)).toEqual(['HTTP/1.1 200']);
});
