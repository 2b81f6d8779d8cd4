/** Calls to try policies with, and chance that can be repeated: nothing here needs a test to be running. */
import {
  type BreakerOptions,
  type Call,
  type CallContext,
  CallError,
  DEFAULTS,
  sleep,
  systemClock,
} from '../src/index.ts';

export const context = (changes: Partial<CallContext> = {}): CallContext => ({
  operation: { name: 'hello', safety: 'safe' },
  input: {},
  signal: new AbortController().signal,
  deadlineAt: Number.POSITIVE_INFINITY,
  attempt: 1,
  tried: new Set(),
  notes: { attempts: 1, mayBeStale: true, cacheControl: undefined, staleMs: undefined, staleBecause: undefined },
  endpoint: undefined,
  headers: {},
  watch: undefined,
  ...changes,
});

/** A breaker's options as a service has them by default. */
export const breakerOptions = (changes: Partial<BreakerOptions> = {}): BreakerOptions => ({
  windowMs: DEFAULTS.breakerWindowMs,
  minimumCalls: DEFAULTS.breakerMinimumCalls,
  failureRate: DEFAULTS.breakerFailureRate,
  slowCallMs: DEFAULTS.attemptTimeoutMs * DEFAULTS.breakerSlowShare,
  openMs: DEFAULTS.breakerOpenMs,
  maxOpenMs: DEFAULTS.breakerMaxOpenMs,
  probeLeaseMs: DEFAULTS.attemptTimeoutMs + 250,
  fairChanceMs: DEFAULTS.attemptTimeoutMs / 2,
  clock: systemClock,
  random: () => 0,
  onEvent: () => undefined,
  ...changes,
});

export const remoteError = (status: number, retryAfterMs?: number) =>
  new CallError('remote_error', `status ${status}`, { sent: 'answered', status, retryAfterMs });

export const unreachable = () => new CallError('unreachable', 'refused', { sent: 'never' });

/** A call that takes `ms` and then ends with `outcome` (thrown, if an error), unless it is aborted first. */
export const taking =
  <T>(ms: number, outcome: T): Call<T> =>
  async ({ signal }) => {
    await sleep(systemClock, ms, signal);
    if (outcome instanceof Error) throw outcome;
    return outcome;
  };

/** How a promise ended, readable without waiting for it: a value, an error's code, or `pending`. */
export function track(promise: Promise<unknown>): { readonly outcome: unknown; readonly atMs: number | undefined } {
  const seen: { outcome: unknown; atMs: number | undefined } = { outcome: 'pending', atMs: undefined };
  const settle = (outcome: unknown) => {
    seen.outcome = outcome;
    seen.atMs = performance.now();
  };
  promise.then(settle, (error: { code?: unknown }) => settle(error.code ?? error));
  return seen;
}

/** A generator of chance that is the same in every run (Park and Miller's). */
export function chance(seed = 1) {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
