import pino, { type DestinationStream, type Logger } from 'pino';
import { createLogOutput, type LogOutput } from './log-output.ts';

export type { Logger };

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * The largest error, as JSON. With all other members, such as a request id of 128 characters, the longest line stays below
 * 1,024 bytes: many log shippers cut or split longer lines.
 */
const MAX_ERROR_BYTES = 700;
/** The largest parts of an error. The stack gets the rest. */
const MAX_MESSAGE_BYTES = 120;
const MAX_CAUSE_MESSAGE_BYTES = 60;
const MAX_NAME_BYTES = 32;

/** Deeper causes rarely say anything new. */
const MAX_CAUSES = 2;

/**
 * A log of JSON lines. An error is written as type, code, message, stack and causes, and nothing else: pino's own
 * serializer copies every property, and the errors of HTTP libraries hold requests with headers, tokens and bodies
 * (axios #2648).
 * @param service the member `service` of every line
 * @param destination where lines go. Default: standard output, whose reader can never block the process
 */
export function createLog(
  service: string,
  level: LogLevel,
  destination: DestinationStream = standardLogOutput(service),
): Logger {
  return pino(
    {
      base: { service },
      level,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: serializeError },
    },
    destination,
  );
}

/** Standard output as the destination of a service's log: bounded, never blocking, and it says when lines are missing. */
export function standardLogOutput(service: string): LogOutput {
  return createLogOutput((lines) => {
    const time = new Date().toISOString();
    return `${JSON.stringify({ level: 'warn', time, service, lines, msg: 'log lines were dropped: their reader was too slow' })}\n`;
  });
}

interface WrittenError {
  readonly type?: string;
  readonly code?: string;
  readonly message: string;
  readonly cause?: WrittenError;
}

function serializeError(error: unknown): WrittenError & { readonly stack?: string } {
  const written = describe(error, 0);
  if (!(error instanceof Error) || typeof error.stack !== 'string') return written;
  // A stack begins with the message, which is written already.
  const frames = error.stack.slice(Math.max(0, error.stack.search(/^ +at /m)));
  const left = MAX_ERROR_BYTES - Buffer.byteLength(JSON.stringify({ ...written, stack: '' }));
  return { ...written, stack: shorten(frames, left) };
}

function describe(error: unknown, depth: number): WrittenError {
  const message = (text: unknown) => shorten(text, depth === 0 ? MAX_MESSAGE_BYTES : MAX_CAUSE_MESSAGE_BYTES);
  if (!(error instanceof Error)) return { message: message(error) };
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  return {
    type: shorten(error.name, MAX_NAME_BYTES),
    ...(typeof code === 'string' ? { code: shorten(code, MAX_NAME_BYTES) } : {}),
    message: message(error.message),
    ...(cause === undefined || depth >= MAX_CAUSES ? {} : { cause: describe(cause, depth + 1) }),
  };
}

/** As much of `value` as fits into `bytes` of JSON. Of an object only the kind is shown, never the content. */
function shorten(value: unknown, bytes: number): string {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  const whole = isObject ? Object.prototype.toString.call(value) : String(value);
  const fits = (text: string) => Buffer.byteLength(JSON.stringify(text)) - 2 <= bytes;
  // Every character takes at least one byte.
  let text = whole.slice(0, bytes);
  if (text === whole && fits(text)) return text;
  while (text !== '' && !fits(`${text}…`)) text = text.slice(0, -1);
  return `${text.toWellFormed()}…`;
}
