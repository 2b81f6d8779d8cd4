import type { Socket } from 'node:net';
import { trimOws } from '@halfopen/contracts';
import { errors } from 'undici';

/**
 * Most bytes of an answer's head (status line and headers), interim responses before it included. That is the default of Node's own
 * client and the buffer of HAProxy: what a server sends to them, it can send to us. Parsing what a hostile server sends costs CPU.
 */
export const MAX_HEAD_BYTES = 16_384;

/**
 * Most bytes that undici gets to parse at once. It ends a connection that sends too many trailers, but goes on to the end of the bytes
 * it has, and makes an error with its stack for each further one: 180 ms for 64 KiB of trailers (8.12.4).
 */
const PIECE_BYTES = 1_024;

const LINE_END = '\r\n';
const HEAD_END = LINE_END + LINE_END;
const VERSION = 'HTTP/';
/** 101 is none of them: it switches protocols. */
const INTERIM = /^HTTP\/1\.\d 1(?!01)\d\d/;
const STATUS_LENGTH = 'HTTP/1.1 100'.length;
/** Any white space before or after a line's end. */
const FOLDED_OR_PADDED = /[ \t]\r\n|\r\n[ \t]/;
const FOLD = /^[ \t]/;
const NOTHING: Buffer = Buffer.alloc(0);

/** What is needed of a socket. */
export type ReadableConnection = Pick<Socket, 'bytesWritten' | 'destroy' | 'destroyed' | 'read'>;

/**
 * Reads the head of each answer before undici does, on a connection that carries one request at a time. undici (8.12.4) gets it whole,
 * and without what it gets wrong:
 *
 * - Interim responses (1xx) are dropped. A client must accept any number of them, even if it asked for none (RFC 9110 §15.2), but a
 *   100 makes undici destroy the connection. A 101 is left for undici to refuse: nobody asked for another protocol.
 * - White space around a value is removed (RFC 9112 §5), because undici takes blanks behind a Content-Length for digits. A value on
 *   several lines is put on one (RFC 9112 §5.2), because undici refuses it.
 * - A head above the limit ends the connection before it is parsed: undici makes an error for each header above the limit.
 *
 * What is no HTTP/1 goes to undici as it comes, and is refused there.
 */
export function guardAnswerHeads(socket: ReadableConnection): void {
  const read = socket.read.bind(socket) as (size?: number) => Buffer | null;
  /** What had been written when the latest answer began. If more has been written, another answer is awaited. */
  let answeredAt = socket.bytesWritten;
  /** What has arrived of a head that is not complete. */
  let held: Buffer = NOTHING;
  let interimBytes = 0;
  /** What undici has yet to read of what has arrived. */
  let left: Buffer = NOTHING;

  const refuse = () => {
    socket.destroy(new errors.HeadersOverflowError());
    return null;
  };
  const begin = (bytes: Buffer) => {
    answeredAt = socket.bytesWritten;
    held = NOTHING;
    interimBytes = 0;
    return bytes;
  };

  /** @returns the answer from its beginning, or `null` until its head is complete */
  const awaited = (chunk: Buffer): Buffer | null => {
    let bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    for (;;) {
      const start = bytes.toString('latin1', 0, STATUS_LENGTH);
      if (!start.startsWith(VERSION) && !VERSION.startsWith(start)) return begin(bytes);
      const end = bytes.indexOf(HEAD_END);
      const headLength = end === -1 ? bytes.length : end + HEAD_END.length;
      if (interimBytes + headLength > MAX_HEAD_BYTES) return refuse();
      if (end === -1) {
        // Its end would never be found.
        if (hasBareLineFeed(bytes)) return begin(bytes);
        held = bytes;
        return null;
      }
      if (!INTERIM.test(start)) return begin(normalized(bytes, headLength));
      interimBytes += headLength;
      bytes = bytes.subarray(headLength);
    }
  };

  // undici reads until there is nothing more.
  socket.read = (size?: number): Buffer | null => {
    if (socket.destroyed) return null;
    let bytes: Buffer | null = left;
    if (bytes.length === 0) {
      bytes = read(size);
      if (bytes !== null && socket.bytesWritten !== answeredAt) bytes = awaited(bytes);
      if (bytes === null) return null;
    }
    left = bytes.subarray(PIECE_BYTES);
    return left.length === 0 ? bytes : bytes.subarray(0, PIECE_BYTES);
  };
}

function hasBareLineFeed(bytes: Buffer): boolean {
  return /(?<!\r)\n/.test(bytes.toString('latin1'));
}

/** The same answer, with every header on one line and no white space around its value. */
function normalized(bytes: Buffer, headLength: number): Buffer {
  const head = bytes.toString('latin1', 0, headLength);
  if (!FOLDED_OR_PADDED.test(head)) return bytes;
  const lines: string[] = [];
  for (const line of head.slice(0, -HEAD_END.length).split(LINE_END)) {
    const text = trimOws(line);
    const isContinued = FOLD.test(line);
    if (!isContinued) lines.push(text);
    else if (text !== '') lines.push(`${lines.pop() ?? ''} ${text}`);
  }
  return Buffer.concat([Buffer.from(lines.join(LINE_END) + HEAD_END, 'latin1'), bytes.subarray(headLength)]);
}
