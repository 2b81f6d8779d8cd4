import type { ServerResponse } from 'node:http';
import { MAX_HOLD_MS } from './limits.ts';
import { DRIP_INTERVAL_MS, type Fault } from './schema.ts';

/** Spoils a finished answer. `res` has its status and headers, and `body` has not been sent. */
export type Spoil = (res: ServerResponse, body: Buffer) => void;

/**
 * What a fault does to the answer; `undefined` if it does nothing to answers.
 * @param takeOver stops the service from answering by itself
 */
export function spoilOf(fault: Fault, takeOver: (res: ServerResponse) => void): Spoil | undefined {
  const { oversize, dripIntervalMs = DRIP_INTERVAL_MS } = fault;
  if (fault.truncate) return truncate;
  if (fault.malformed) return (res, body) => send(res, body.subarray(0, -1));
  if (fault.wrongType) return (res, body) => send(res, withOtherTypes(body));
  if (fault.lostResponse) return (res) => res.socket?.resetAndDestroy();
  if (oversize !== undefined) return (res, body) => pad(res, body, oversize);
  if (fault.drip) {
    return (res, body) => {
      takeOver(res);
      drip(res, body, dripIntervalMs);
    };
  }
  return undefined;
}

/** Keeps the caller waiting, but resets its connection in the end. */
export function hold(res: ServerResponse): void {
  const timer = setTimeout(() => res.socket?.resetAndDestroy(), MAX_HOLD_MS);
  res.once('close', () => clearTimeout(timer));
}

function send(res: ServerResponse, body: Buffer): void {
  res.setHeader('content-length', body.length).end(body);
}

/** Announces the whole length and sends half. */
function truncate(res: ServerResponse, body: Buffer): void {
  // The answer to HEAD has no body to truncate.
  if (res.req.method === 'HEAD') return send(res, body);
  res.setHeader('content-length', body.length);
  res.write(body.subarray(0, Math.floor(body.length / 2)), () => res.destroy());
}

function drip(res: ServerResponse, body: Buffer, intervalMs: number): void {
  hold(res);
  res.setHeader('content-length', body.length).flushHeaders();
  let sent = 0;
  const timer = setInterval(() => {
    if (sent < body.length) res.write(body.subarray(sent, ++sent));
    if (sent === body.length) res.end();
  }, intervalMs);
  res.once('close', () => clearInterval(timer));
}

const SPACES = Buffer.alloc(65_536, ' ');

/**
 * Pads the answer with white space. It is still valid JSON, so a client that does not limit what it reads accepts it. All
 * writes share one buffer, so the size of the padding costs no memory here.
 */
function pad(res: ServerResponse, body: Buffer, bytes: number): void {
  res.removeHeader('content-length');
  res.write(body);
  for (let left = bytes - body.length; left > 0; left -= SPACES.length) res.write(SPACES.subarray(0, left));
  res.end();
}

/** The same JSON, with another type for every member. */
function withOtherTypes(body: Buffer): Buffer {
  return Buffer.from(JSON.stringify(otherType(parse(body))));
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    // Not JSON, such as the empty answer to HEAD: any value has another type.
    return undefined;
  }
}

function otherType(value: unknown): unknown {
  if (typeof value === 'number') return 'not a number';
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 42;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, typeof member === 'number' ? 'not a number' : 42]),
  );
}
