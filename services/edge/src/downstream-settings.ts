import { DEFAULTS, type DownstreamOptions } from '@halfopen/client';
import { SettingsError, setting } from '@halfopen/service-kit';
import type { z } from 'zod';

/** The settings of one downstream. Each is an environment variable `<NAME>_…`, and each is an option of `createDownstream`. */
export const perDownstream = {
  CALL_POLICY: setting.choice(
    ['standard', 'none'],
    'standard',
    'Policies of a call: all of them, or a bare call, to which no other setting of a call applies.',
  ),
  CALL_ATTEMPTS: setting.count(DEFAULTS.attempts, 'Attempts of one call, the first included.', { max: 10 }),
  CALL_ATTEMPT_TIMEOUT_MS: setting.ms(
    DEFAULTS.attemptTimeoutMs,
    'The most that one attempt may take. At most `EDGE_DEADLINE_MS`.',
  ),
  CALL_PATIENCE: setting.choice(
    ['off', 'on'],
    'off',
    'Whether an attempt that outlives its timeout goes on until the deadline, with another attempt beside it where that can help.',
  ),
  CALL_BACKOFF_BASE_MS: setting.ms(
    DEFAULTS.backoffBaseMs,
    'Upper bound of the first back-off. Doubles with each retry. At most the cap.',
  ),
  CALL_BACKOFF_CAP_MS: setting.ms(DEFAULTS.backoffCapMs, 'Upper bound of every back-off.'),
  CALL_RETRY_BUDGET: setting.count(DEFAULTS.retryBudget, 'Retries that the budget can hold. 0 means no retries.', {
    min: 0,
  }),
  CALL_RETRY_RATIO: setting.share(DEFAULTS.retryRatio, 'Retries that each success earns.'),
  CALL_RETRY_ADAPTIVE: setting.choice(
    ['off', 'on'],
    'off',
    'Whether each success earns a whole retry while retries pay. The ratio is then the least that it earns.',
  ),
  CALL_STALE_IF_ERROR: setting.choice(
    ['off', 'on'],
    'off',
    'Whether the last good answer may replace a failure, as long as its `stale-if-error` allows.',
  ),
  CALL_COALESCE: setting.choice(['off', 'on'], 'off', 'Whether identical safe calls in flight share one.'),
  CALL_HEDGE: setting.choice(
    ['off', 'on'],
    'off',
    'Whether a safe call that takes longer than usual gets a second attempt, paid from the retry budget.',
  ),
  CALL_WAIT_FOR_READY: setting.choice(
    ['off', 'on'],
    'off',
    'Whether breakers notice an outage by a run of failures, and calls wait for its end as long as it may be short.',
  ),
  CALL_MAX_IN_FLIGHT: setting.count(
    DEFAULTS.maxInFlight,
    'Calls in flight at once. Above `EDGE_MAX_IN_PROGRESS` it is never reached.',
  ),
  CALL_MAX_QUEUED: setting.count(DEFAULTS.maxQueued, 'Calls that may wait for a place. One more is refused.', {
    min: 0,
  }),
  CALL_ADAPTIVE_LIMIT: setting.choice(
    ['off', 'on'],
    'off',
    'Whether the limit on calls in flight follows what the downstream can do. Use it together with deadline admission.',
  ),
  CALL_COUNT_ABANDONED: setting.choice(
    ['off', 'on'],
    'off',
    'Whether an attempt that was aborted takes a place for half an attempt timeout more.',
  ),
  CALL_DEADLINE_ADMISSION: setting.choice(
    ['off', 'on'],
    'off',
    'Whether an attempt begins only if enough time is left for such attempts to be answered.',
  ),
  CALL_BREAKER_WINDOW_MS: setting.ms(DEFAULTS.breakerWindowMs, 'Rolling window in which failures are counted.', {
    min: 100,
  }),
  CALL_BREAKER_MINIMUM_CALLS: setting.count(
    DEFAULTS.breakerMinimumCalls,
    'Outcomes in the window before the breaker may open. With fewer calls in that time it never opens.',
  ),
  CALL_BREAKER_FAILURE_RATE: setting.share(DEFAULTS.breakerFailureRate, 'Opens above this share of failures.', {
    excluded: [1],
  }),
  CALL_BREAKER_SLOW_SHARE: setting.share(
    DEFAULTS.breakerSlowShare,
    'A success that took this share of the attempt timeout counts as a failure.',
    { excluded: [0] },
  ),
  CALL_BREAKER_OPEN_MS: setting.ms(
    DEFAULTS.breakerOpenMs,
    'How long it stays open the first time. Doubles while probes fail. At most the longest open time.',
  ),
  CALL_BREAKER_MAX_OPEN_MS: setting.ms(DEFAULTS.breakerMaxOpenMs, 'The longest that it stays open.'),
};

export type DownstreamConfig = z.output<z.ZodObject<typeof perDownstream>> & { readonly URL: readonly string[] };

/** The same, in the words of `createDownstream`. */
export function optionsOf(config: DownstreamConfig, deadlineMs: number): DownstreamOptions {
  return {
    policy: config.CALL_POLICY,
    deadlineMs,
    attempts: config.CALL_ATTEMPTS,
    attemptTimeoutMs: config.CALL_ATTEMPT_TIMEOUT_MS,
    patience: config.CALL_PATIENCE === 'on',
    backoffBaseMs: config.CALL_BACKOFF_BASE_MS,
    backoffCapMs: config.CALL_BACKOFF_CAP_MS,
    retryBudget: config.CALL_RETRY_BUDGET,
    retryRatio: config.CALL_RETRY_RATIO,
    adaptiveRetries: config.CALL_RETRY_ADAPTIVE === 'on',
    staleIfError: config.CALL_STALE_IF_ERROR === 'on',
    coalesce: config.CALL_COALESCE === 'on',
    hedge: config.CALL_HEDGE === 'on',
    waitForReady: config.CALL_WAIT_FOR_READY === 'on',
    maxInFlight: config.CALL_MAX_IN_FLIGHT,
    maxQueued: config.CALL_MAX_QUEUED,
    adaptiveLimit: config.CALL_ADAPTIVE_LIMIT === 'on',
    countAbandoned: config.CALL_COUNT_ABANDONED === 'on',
    deadlineAdmission: config.CALL_DEADLINE_ADMISSION === 'on',
    breakerWindowMs: config.CALL_BREAKER_WINDOW_MS,
    breakerMinimumCalls: config.CALL_BREAKER_MINIMUM_CALLS,
    breakerFailureRate: config.CALL_BREAKER_FAILURE_RATE,
    breakerSlowShare: config.CALL_BREAKER_SLOW_SHARE,
    breakerOpenMs: config.CALL_BREAKER_OPEN_MS,
    breakerMaxOpenMs: config.CALL_BREAKER_MAX_OPEN_MS,
  };
}

/** Pairs of settings of which the first must not exceed the second. `<NAME>_` goes before those of a downstream. */
const CAPS = [
  ['<NAME>_CALL_ATTEMPT_TIMEOUT_MS', 'EDGE_DEADLINE_MS'],
  ['<NAME>_CALL_BACKOFF_BASE_MS', '<NAME>_CALL_BACKOFF_CAP_MS'],
  ['<NAME>_CALL_BREAKER_OPEN_MS', '<NAME>_CALL_BREAKER_MAX_OPEN_MS'],
] as const;

/** Settings of one downstream, made to agree. */
export interface Reconciled {
  /** What replaces defaults, by the name of the variable. */
  readonly lowered: Readonly<Record<string, number>>;
  /** Sentences about settings that are harmless and have no effect. */
  readonly remarks: readonly string[];
}

/**
 * Settings of one downstream that contradict each other are refused. Only a default gives way: a cap that somebody lowers also lowers
 * the defaults below it.
 * @param values every setting, by the name of its variable
 * @param isSet whether somebody has set this variable
 * @throws SettingsError naming both variables and both values
 */
export function reconcile(
  downstream: string,
  values: Readonly<Record<string, unknown>>,
  isSet: (name: string) => boolean,
): Reconciled {
  const prefix = `${downstream.toUpperCase()}_`;
  const lowered: Record<string, number> = {};
  const mistakes: string[] = [];
  const remarks: string[] = [];
  const shown = (name: string) => `${name}=${String(values[name])}${isSet(name) ? '' : ' (its default)'}`;
  for (const pair of CAPS) {
    const [name, cap] = pair.map((one) => one.replace('<NAME>_', prefix)) as [string, string];
    const [value, most] = [Number(values[name]), Number(values[cap])];
    if (value <= most) continue;
    if (isSet(name)) mistakes.push(`${shown(name)} is above ${shown(cap)}: it must be at most as much`);
    else lowered[name] = most;
  }
  const [hedge, budget] = [`${prefix}CALL_HEDGE`, `${prefix}CALL_RETRY_BUDGET`];
  if (values[hedge] === 'on' && values[budget] === 0) {
    mistakes.push(`${shown(hedge)} needs a retry budget, which pays for second attempts, but ${shown(budget)}`);
  }
  const policy = `${prefix}CALL_POLICY`;
  if (values[policy] === 'none') {
    for (const [key, kind] of Object.entries(perDownstream)) {
      const name = prefix + key;
      // A default that somebody has written down changes nothing with any policy.
      if (name === policy || !isSet(name) || values[name] === kind.parse(undefined)) continue;
      // Who switches a policy on expects it to work. Who switches to `none` for a comparison keeps the numbers of the policies.
      const told = values[name] === 'on' ? mistakes : remarks;
      told.push(`${shown(name)} has no effect with ${shown(policy)}: leave it out, or set ${policy}=standard`);
    }
  }
  const [inFlight, inProgress] = [`${prefix}CALL_MAX_IN_FLIGHT`, 'EDGE_MAX_IN_PROGRESS'];
  if (Number(values[inFlight]) > Number(values[inProgress])) {
    // A request makes one call at a time, so the edge never has more calls in flight than requests.
    if (isSet(inFlight)) remarks.push(`${shown(inFlight)} is never reached, because of ${shown(inProgress)}`);
    else lowered[inFlight] = Number(values[inProgress]);
  }
  if (mistakes.length > 0) throw new SettingsError(mistakes);
  return { lowered, remarks };
}
