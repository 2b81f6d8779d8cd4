import type { Distribution } from '../engine/distributions.ts';

/** What is wrong with a server for a while. */
export type Effect =
  /** The process is stopped: connections and requests wait, work in progress stands still, and all goes on at the end. */
  | { readonly kind: 'stop' }
  /** Nobody listens: connections are refused, so nothing is sent. */
  | { readonly kind: 'refuse' }
  /** Work that begins takes this many times as long. */
  | { readonly kind: 'slow'; readonly factor: number }
  /** Attempts take so many milliseconds longer, and keep their workers busy for it. Default share 1. */
  | { readonly kind: 'delay'; readonly ms: number | Distribution; readonly share?: number }
  /** Attempts are answered with this status at once. Default 503, with a share of 1. */
  | { readonly kind: 'error'; readonly status?: number; readonly retryAfterMs?: number; readonly share?: number }
  /** The connection breaks as soon as the request has arrived. Default share 1. */
  | { readonly kind: 'reset'; readonly share?: number }
  /** A black hole: requests vanish on their way, and nothing tells the caller. Default share 1. */
  | { readonly kind: 'drop'; readonly share?: number };

/** A fault on the timeline. */
export type Fault = Effect & {
  /** Milliseconds since the world began. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Names of the servers that it hits. Default: all. */
  readonly servers?: readonly string[];
};

/**
 * A fault that comes and goes.
 * @param everyMs from one beginning to the next
 * @param forMs how long it lasts each time
 */
export function flapping(fault: Fault, everyMs: number, forMs: number): Fault[] {
  const faults: Fault[] = [];
  for (let fromMs = fault.fromMs; fromMs < fault.toMs; fromMs += everyMs) {
    faults.push({ ...fault, fromMs, toMs: Math.min(fromMs + forMs, fault.toMs) });
  }
  return faults;
}
