import type { Distribution } from '@halfopen/simulator';

/**
 * What a call costs on the machine of the published results: quantiles of the latency of every call of theirs that was due before
 * anything was broken (22,370 calls; without `overload`, whose greeter works for 40 ms). It includes how late the load
 * generator sends. This is the only thing that is fitted. Whatever happens to a broken system is computed.
 */
const WHOLE_CALL_MS: readonly (readonly [share: number, ms: number])[] = [
  [0, 0.95],
  [0.01, 1.54],
  [0.05, 1.98],
  [0.1, 2.26],
  [0.25, 2.75],
  [0.5, 3.3],
  [0.75, 3.88],
  [0.9, 4.73],
  [0.95, 5.64],
  [0.98, 7.07],
  [0.99, 8.25],
  [0.995, 9.41],
  [0.999, 14.65],
  [1, 24],
];

/** How long a message between edge and greeter takes: the system's sockets, and the client's part of the work. */
export const HOP_MS = 0.4;

/** What a request costs the only thread of a greeter. */
export const GREETER_CPU_MS = 0.27;

/** What a new connection costs it besides. With both, a greeter that goes on after a pause works off its 511 connections in 0.2 s. */
export const ACCEPT_CPU_MS = 0.15;

/** From the attempt to make a connection until the edge knows that it is refused. */
export const REFUSAL_MS = 1.1;

/** From the start of a greeter's process until it listens. */
export const START_MS = 600;

/** Connections that the system completes for a process that does not accept any: Node's backlog. */
export const BACKLOG = 511;

/** An attempt's part of a call, which a call without an attempt does not have. */
const ATTEMPT_MS = 2 * HOP_MS + GREETER_CPU_MS;

/** What a call costs besides its attempts: the caller, its connection, and the edge. */
export const callOverhead: Distribution = (random) => Math.max(0, wholeCallMs(random()) - ATTEMPT_MS);

function wholeCallMs(share: number): number {
  const next = WHOLE_CALL_MS.findIndex(([upTo]) => upTo > share);
  const [toShare, toMs] = WHOLE_CALL_MS[next] as readonly [number, number];
  const [fromShare, fromMs] = WHOLE_CALL_MS[next - 1] as readonly [number, number];
  return fromMs + ((toMs - fromMs) * (share - fromShare)) / (toShare - fromShare);
}
