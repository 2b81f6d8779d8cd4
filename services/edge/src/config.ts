import { DEFAULTS } from '@halfopen/client';
import { commonSettings, readSettings, setting } from '@halfopen/service-kit';
import { z } from 'zod';
import { DOWNSTREAMS, type DownstreamName } from './downstreams.ts';

/** The settings of the edge itself. */
const own = {
  EDGE_HOST: setting.host('127.0.0.1', 'Address the edge listens on.'),
  EDGE_PORT: setting.port(8_080, 'Port of the public API.'),
  EDGE_OPS_PORT: setting.port(8_081, "Port of the edge's health, metrics and downstreams."),
  EDGE_DEADLINE_MS: setting.ms(2_000, 'The most a request may take; a caller may ask for less (`x-deadline-ms`).'),
  EDGE_MAX_IN_PROGRESS: setting.count(512, 'Requests that are worked on at once.'),
  EDGE_MAX_QUEUED: setting.count(256, 'Requests that may wait for that; beyond it the oldest is refused.', { min: 0 }),
  EDGE_EXPLAIN: setting.choice(
    ['off', 'on'],
    'off',
    'Whether `x-explain: 1` is answered with what happened to the request. With `FAULTS=on` it always is.',
  ),
  ...commonSettings,
};

/** The settings of one downstream; each is an environment variable `<NAME>_…`. */
const perDownstream = {
  CALL_POLICY: setting.choice(['standard', 'none'], 'standard', 'Policies of a call: all of them, or a bare call.'),
  CALL_ATTEMPTS: setting.count(DEFAULTS.attempts, 'Attempts of one call, the first included.', { max: 10 }),
  CALL_ATTEMPT_TIMEOUT_MS: setting.ms(DEFAULTS.attemptTimeoutMs, 'The most one attempt may take.'),
  CALL_BACKOFF_BASE_MS: setting.ms(
    DEFAULTS.backoffBaseMs,
    'Upper bound of the first back-off; doubles with each retry.',
  ),
  CALL_BACKOFF_CAP_MS: setting.ms(DEFAULTS.backoffCapMs, 'Upper bound of every back-off.'),
  CALL_RETRY_BUDGET: setting.count(DEFAULTS.retryBudget, 'Retries that the budget can hold; 0 means no retries.', {
    min: 0,
  }),
  CALL_RETRY_RATIO: setting.share(DEFAULTS.retryRatio, 'Retries that each success earns.'),
  CALL_STALE_IF_ERROR: setting.choice(
    ['off', 'on'],
    'off',
    'Whether a failed call may be answered with the last good answer, as old as its `stale-if-error` allows.',
  ),
  CALL_COALESCE: setting.choice(['off', 'on'], 'off', 'Whether identical safe calls in flight share one.'),
  CALL_HEDGE: setting.choice(
    ['off', 'on'],
    'off',
    'Whether a safe call that takes longer than usual gets a second attempt, paid from the retry budget.',
  ),
  CALL_MAX_IN_FLIGHT: setting.count(DEFAULTS.maxInFlight, 'Calls in flight at once.'),
  CALL_MAX_QUEUED: setting.count(DEFAULTS.maxQueued, 'Calls that may wait for a place; one more is refused.', {
    min: 0,
  }),
  CALL_BREAKER_WINDOW_MS: setting.ms(DEFAULTS.breakerWindowMs, 'Rolling window that failures are counted in.', {
    min: 100,
  }),
  CALL_BREAKER_MINIMUM_CALLS: setting.count(
    DEFAULTS.breakerMinimumCalls,
    'Outcomes in the window before the breaker may open.',
  ),
  CALL_BREAKER_FAILURE_RATE: setting.share(DEFAULTS.breakerFailureRate, 'Opens above this share of failures.'),
  CALL_BREAKER_SLOW_SHARE: setting.share(
    DEFAULTS.breakerSlowShare,
    'A success that took this share of the attempt timeout counts as a failure.',
  ),
  CALL_BREAKER_OPEN_MS: setting.ms(
    DEFAULTS.breakerOpenMs,
    'How long it stays open the first time; doubles while probes fail.',
  ),
  CALL_BREAKER_MAX_OPEN_MS: setting.ms(DEFAULTS.breakerMaxOpenMs, 'The longest it stays open.'),
};

export type Config = z.output<z.ZodObject<typeof own>> & {
  readonly downstreams: Readonly<Record<DownstreamName, DownstreamConfig>>;
};

export type DownstreamConfig = z.output<z.ZodObject<typeof perDownstream>> & { readonly URL: readonly string[] };

const downstreams = Object.entries(DOWNSTREAMS) as [DownstreamName, (typeof DOWNSTREAMS)[DownstreamName]][];

/** Every setting of the edge: name, default, unit, what it does. */
export const settings = z.object({
  ...own,
  ...Object.fromEntries(
    downstreams.flatMap(([name, { url }]) => [
      [variable(name, 'URL'), setting.origins(url, `Where the ${name} is: a name stands for all its addresses.`)],
      ...Object.entries(perDownstream).map(([key, kind]) => [variable(name, key), kind]),
    ]),
  ),
});

/** @throws SettingsError */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const groups = ['EDGE_', ...downstreams.map(([name]) => variable(name, 'CALL_'))];
  const flat = readSettings(settings, env, groups) as z.output<z.ZodObject<typeof own>> & Record<string, unknown>;
  const nested = downstreams.map(([name]) => [
    name,
    Object.fromEntries(['URL', ...Object.keys(perDownstream)].map((key) => [key, flat[variable(name, key)]])),
  ]);
  return { ...flat, downstreams: Object.fromEntries(nested) as Config['downstreams'] };
}

function variable(downstream: string, key: string): string {
  return `${downstream.toUpperCase()}_${key}`;
}
