import type { PolicyEvent } from '@halfopen/client';
import type { World } from '../engine/world.ts';
import type { Server } from '../models/server.ts';

/** Distance of two samples. */
export const SAMPLE_MS = 100;

/** A change of a breaker. */
export interface Transition {
  readonly atMs: number;
  readonly to: 'closed' | 'open' | 'half_open';
}

/** What is counted besides the calls: the servers' load, and what the policies decided. */
export class Samples {
  /** Requests that the servers had received, each `SAMPLE_MS`, from 0 on. */
  readonly received: number[] = [];
  /** Requests that waited at the servers, each `SAMPLE_MS`. */
  readonly queued: number[] = [];
  readonly transitions: Transition[] = [];
  readonly rejected: Partial<Record<Extract<PolicyEvent, { type: 'rejected' }>['code'], number>> = {};

  /** Samples the servers until a moment. */
  follow(world: World, servers: readonly Server[], untilMs: number): void {
    const sample = () => {
      let received = 0;
      let queued = 0;
      for (const server of servers) {
        received += server.received;
        queued += server.queued;
      }
      this.received.push(received);
      this.queued.push(queued);
      if (world.nowMs < untilMs) world.schedule(SAMPLE_MS, sample);
    };
    sample();
  }

  tell(event: PolicyEvent, nowMs: number): void {
    if (event.type === 'breaker_transition') this.transitions.push({ atMs: nowMs, to: event.to });
    else if (event.type === 'rejected') this.rejected[event.code] = (this.rejected[event.code] ?? 0) + 1;
  }

  /** Requests that the servers received in a span, by the samples nearest to its ends. */
  receivedBetween(fromMs: number, toMs: number): number {
    const at = (ms: number) =>
      this.received[Math.min(Math.max(0, Math.round(ms / SAMPLE_MS)), this.received.length - 1)] ?? 0;
    return at(toMs) - at(fromMs);
  }
}
