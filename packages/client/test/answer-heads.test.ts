import { describe, expect, test } from 'vitest';
import { guardAnswerHeads, MAX_HEAD_BYTES } from '../src/answer-heads.ts';

/** A guarded connection without a socket: chunks go in, what undici would parse comes out. */
function connection() {
  const arrived: Buffer[] = [];
  const sizes: number[] = [];
  let destroyedBy: Error | undefined;
  const socket = {
    bytesWritten: 0,
    destroyed: false,
    read: () => arrived.shift() ?? null,
    destroy: (error?: Error) => {
      destroyedBy = error;
      socket.destroyed = true;
      return socket as never;
    },
  };
  guardAnswerHeads(socket);
  return {
    request: () => {
      socket.bytesWritten += 100;
    },
    receive: (...chunks: string[]) => {
      let parsed = '';
      for (const chunk of chunks) {
        arrived.push(Buffer.from(chunk, 'latin1'));
        for (let piece = socket.read(); piece !== null; piece = socket.read()) {
          sizes.push(piece.length);
          parsed += piece.toString('latin1');
        }
      }
      return parsed;
    },
    end: () => socket.destroy(),
    sizes,
    refusal: () => (destroyedBy as { code?: string } | undefined)?.code,
  };
}

const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nHi';
const head = (bytes: number) => {
  const around = 'HTTP/1.1 200 OK\r\nx: \r\n\r\n';
  return around.replace('x: ', `x: ${'x'.repeat(bytes - around.length)}`);
};

describe('interim responses are dropped, wherever the chunks are cut', () => {
  test.each([
    ['none', ''],
    ['100', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['100 twice', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n'],
    ['100 with headers', 'HTTP/1.1 100 Continue\r\nconnection: close\r\ncontent-length: 7\r\n\r\n'],
    ['102, 103, 199', 'HTTP/1.1 102 P\r\n\r\nHTTP/1.1 103 E\r\nlink: </x>\r\n\r\nHTTP/1.1 199 \r\n\r\n'],
    ['100 of a server of HTTP/1.0', 'HTTP/1.0 100 Continue\r\n\r\n'],
  ])('%s', (_what, interim) => {
    const whole = interim + ANSWER;
    for (let cut = 0; cut <= whole.length; cut++) {
      const { request, receive } = connection();
      request();
      const chunks = [whole.slice(0, cut), whole.slice(cut)].filter((chunk) => chunk !== '');
      expect(receive(...chunks), `cut at ${cut}`).toBe(ANSWER);
    }
    const { request, receive } = connection();
    for (let n = 0; n < 3; n++) {
      request();
      expect(receive(...whole.split(''))).toBe(ANSWER);
    }
  });

  test('until the answer has begun', () => {
    const { request, receive } = connection();
    request();
    expect(receive('HTTP/1.1 200 OK\r\n\r\n', 'HTTP/1.1 100 Continue\r\n\r\n')).toContain('100 Continue');
  });

  test('and not on an idle connection, where nothing is awaited', () => {
    const { request, receive } = connection();
    expect(receive('HTTP/1.1 100 Continue\r\n\r\n')).toContain('100 Continue');
    request();
    expect(receive(ANSWER)).toBe(ANSWER);
    expect(receive('HTTP/1.1 100 Continue\r\n\r\n')).toContain('100 Continue');
  });

  test.each([
    ['101', 'HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n'],
    ['another version', 'HTTP/2 100 Continue\r\n\r\n'],
    ['no HTTP', 'HELLO'],
    ['no status', 'HTTP/1.1 1x0 Continue\r\n\r\n'],
    ['a line feed alone', 'HTTP/1.1 200 OK\n'],
    ['an answer of one byte', 'X'],
  ])('%s is left for the parser', (_what, bytes) => {
    const { request, receive } = connection();
    request();
    expect(receive(...bytes.split(''))).toBe(bytes);
  });
});

describe('headers are put into the form that the parser understands, wherever the chunks are cut', () => {
  test.each([
    ['nothing to do', 'x: a b\r\ny:\r\n', 'x: a b\r\ny:\r\n'],
    [
      'white space behind a value (RFC 9112 §5)',
      'content-length: 16 \t\r\nx: a\t\r\n',
      'content-length: 16\r\nx: a\r\n',
    ],
    ['a value on several lines (RFC 9112 §5.2)', 'x: a\r\n  b \r\n\tc\r\n', 'x: a b c\r\n'],
    ['an empty line in a value', 'x: a\r\n \r\n b\r\n', 'x: a b\r\n'],
  ])('%s', (_what, sent, parsed) => {
    const body = 'a \r\n b';
    const whole = `HTTP/1.1 200 OK\r\n${sent}\r\n${body}`;
    for (let cut = 1; cut < whole.length; cut++) {
      const { request, receive } = connection();
      request();
      expect(receive(whole.slice(0, cut), whole.slice(cut)), `cut at ${cut}`).toBe(
        `HTTP/1.1 200 OK\r\n${parsed}\r\n${body}`,
      );
    }
  });
});

describe('heads above the limit end the connection before they are parsed', () => {
  test.each([
    ['of the limit', MAX_HEAD_BYTES, undefined],
    ['one byte longer', MAX_HEAD_BYTES + 1, 'UND_ERR_HEADERS_OVERFLOW'],
  ])('%s', (_what, bytes, refusal) => {
    const whole = `${head(bytes)}${'b'.repeat(2 * MAX_HEAD_BYTES)}`;
    for (const cuts of [[], [1], [bytes - 3], [bytes - 2], [bytes - 1], [bytes], [bytes - 4, bytes - 2]]) {
      const connected = connection();
      connected.request();
      const chunks = [0, ...cuts].map((from, at) => whole.slice(from, cuts[at]));
      const parsed = connected.receive(...chunks);
      expect(connected.refusal(), `cut at ${cuts.join()}`).toBe(refusal);
      if (refusal === undefined) expect(parsed).toBe(whole);
    }
  });

  test('one without end', () => {
    const { request, receive, refusal } = connection();
    request();
    receive('HTTP/1.1 200 OK\r\n', ...Array<string>(20).fill(`x: ${'x'.repeat(1_000)}\r\n`));
    expect(refusal()).toBe('UND_ERR_HEADERS_OVERFLOW');
  });

  test.each([
    ['many', Array<string>(1_000).fill('HTTP/1.1 100 Continue\r\n\r\n')],
    ['one without end', ['HTTP/1.1 103 E\r\n', ...Array<string>(20).fill(`x: ${'x'.repeat(1_000)}\r\n`)]],
  ])('interim responses count, too: %s', (_what, chunks) => {
    const { request, receive, refusal } = connection();
    request();
    expect(receive(...chunks)).toBe('');
    expect(refusal()).toBe('UND_ERR_HEADERS_OVERFLOW');
  });

  test('the next answer begins at zero', () => {
    const { request, receive, refusal } = connection();
    for (let n = 0; n < 3; n++) {
      request();
      const answer = `HTTP/1.1 100 Continue\r\n\r\n${head(MAX_HEAD_BYTES - 25)}`;
      expect(receive(answer.slice(0, 30), answer.slice(30))).toBe(head(MAX_HEAD_BYTES - 25));
    }
    expect(refusal()).toBeUndefined();
  });
});

test('the parser gets small pieces, and none of a connection that it has ended', () => {
  const { request, receive, sizes, end } = connection();
  request();
  const whole = ANSWER + 'b'.repeat(65_536 - ANSWER.length);
  expect(receive(whole)).toBe(whole);
  expect(Math.max(...sizes)).toBe(1_024);
  end();
  expect(receive('more')).toBe('');
});
