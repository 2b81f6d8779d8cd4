import pino, { type DestinationStream, type Logger } from 'pino';

export type { Logger };

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Causes deeper than this say nothing new. */
const MAX_CAUSES = 4;

/**
 * JSON lines on standard output (or on `destination`). Errors are written as type, code, message, stack and causes and
 * nothing else: pino's own serializer copies every property, and the errors of HTTP libraries carry requests with their
 * headers, tokens and bodies (axios #2648).
 */
export function createLog(service: string, level: LogLevel, destination?: DestinationStream): Logger {
  return pino(
    {
      base: { service },
      level,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: serializeError },
    },
    destination ?? pino.destination(1),
  );
}

function serializeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const stack = depth === 0 && error.stack !== undefined ? { stack: error.stack } : {};
  const cause =
    error.cause === undefined || depth >= MAX_CAUSES ? {} : { cause: serializeError(error.cause, depth + 1) };
  return { type: error.name, ...code, message: error.message, ...stack, ...cause };
}
