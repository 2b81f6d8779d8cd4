import { expect } from 'vitest';
import { matchers } from './matchers.ts';
import type { Phase } from './record/run.ts';

declare module 'vitest' {
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> {
    /** In every run, at least 95 % of the calls succeed again this many milliseconds after the trouble has ended, and from then on. */
    toRecoverWithin(limitMs: number): R;
    /** In every run, at least this share of the calls of a phase succeeds. @param phase default `during` */
    toSucceedAtLeast(least: number, phase?: Phase): R;
    /** In every run, the servers get at most this many requests per call in a phase. @param phase default `during` */
    toSendAtMost(most: number, phase?: Phase): R;
    /** In every run, no caller's breaker opens. */
    toKeepBreakersClosed(): R;
  }
}

expect.extend(matchers);
