import { SettingsError } from '@halfopen/service-kit';
import { expect, test } from 'vitest';
import { readConfig } from '../src/config.ts';

function mistakesOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof SettingsError) return error.mistakes;
    throw error;
  }
  return [];
}

test.each([
  ['EDGE_PORT', 'http', 'EDGE_PORT="http" is not a port from 0 to 65535 (0: any free one); the default is 8080'],
  ['EDGE_PORT', '65536', 'EDGE_PORT="65536" is not a port'],
  ['EDGE_PORT', '80.5', 'EDGE_PORT="80.5" is not a port'],
  [
    'EDGE_DEADLINE_MS',
    '2s',
    'EDGE_DEADLINE_MS="2s" is not a whole number of milliseconds from 1 to 3600000; the default is 2000',
  ],
  ['EDGE_DEADLINE_MS', '0', 'EDGE_DEADLINE_MS="0" is not a whole number of milliseconds'],
  ['EDGE_HOST', 'not a host', 'EDGE_HOST="not a host" is not an address or a host name'],
  ['GREETER_URL', 'greeter:5000', 'GREETER_URL="greeter:5000" is not an origin (scheme, host and port only)'],
  [
    'GREETER_URL',
    'http://greeter/hello',
    'GREETER_URL="http://greeter/hello" is not an origin (scheme, host and port only)',
  ],
  ['GREETER_URL', 'http://me:s3cret@greeter', 'GREETER_URL="***" is not an origin (scheme, host and port only)'],
  ['GREETER_URL', 'http:u:s3cret@greeter', 'GREETER_URL="***" is not an origin (scheme, host and port only)'],
  ['GREETER_URL', 'http://u:pa/s3cret@greeter', 'GREETER_URL="***" is not an origin (scheme, host and port only)'],
  ['GREETER_URL', 'http://greeter/?token=s3cret', 'GREETER_URL="***" is not an origin (scheme, host and port only)'],
  ['EDGE_DEADLIN_MS', '5', 'EDGE_DEADLIN_MS is not a setting. Did you mean EDGE_DEADLINE_MS?'],
  ['GREETER_CALL_POLICY', 'best', 'GREETER_CALL_POLICY="best" is not one of standard, none; the default is standard'],
  ['GREETER_CALL_RETRY_RATIO', '10%', 'GREETER_CALL_RETRY_RATIO="10%" is not a number from 0 to 1; the default is 0.1'],
  ['GREETER_CALL_ATTEMPS', '5', 'GREETER_CALL_ATTEMPS is not a setting. Did you mean GREETER_CALL_ATTEMPTS?'],
  [
    'GREETER_CALL_BREAKER_FAILURE_RATE',
    '1',
    'GREETER_CALL_BREAKER_FAILURE_RATE="1" is not a number from 0 to below 1; the default is 0.5',
  ],
  ['GREETER_CALL_BREAKER_SLOW_SHARE', '0', 'GREETER_CALL_BREAKER_SLOW_SHARE="0" is not a number above 0 to 1'],
  [
    'GREETER_CALL_ATTEMPT_TIMEOUT_MS',
    '3000',
    'GREETER_CALL_ATTEMPT_TIMEOUT_MS=3000 is above EDGE_DEADLINE_MS=2000 (its default): it must be at most as much',
  ],
  [
    'GREETER_CALL_BACKOFF_BASE_MS',
    '1001',
    'GREETER_CALL_BACKOFF_BASE_MS=1001 is above GREETER_CALL_BACKOFF_CAP_MS=1000 (its default)',
  ],
  [
    'GREETER_CALL_BREAKER_OPEN_MS',
    '2000',
    'GREETER_CALL_BREAKER_OPEN_MS=2000 is above GREETER_CALL_BREAKER_MAX_OPEN_MS=1000 (its default)',
  ],
  ['FAULTS', 'yes', 'FAULTS="yes" is not one of off, on; the default is off'],
  ['LOG_LEVEL', 'INFO', 'LOG_LEVEL="INFO" is not one of fatal'],
])('%s=%s is one mistake, named with its value and what would do', (name, value, line) => {
  const mistakes = mistakesOf({ [name]: value });
  expect(mistakes).toHaveLength(1);
  expect(mistakes[0]).toContain(line);
  expect(mistakes[0]).not.toContain('s3cret');
});

test('settings that contradict each other are refused, all at once, by both names and values', () => {
  const env = {
    EDGE_DEADLINE_MS: '300',
    GREETER_CALL_ATTEMPT_TIMEOUT_MS: '301',
    GREETER_CALL_HEDGE: 'on',
    GREETER_CALL_RETRY_BUDGET: '0',
  };
  expect(mistakesOf(env)).toEqual([
    'GREETER_CALL_ATTEMPT_TIMEOUT_MS=301 is above EDGE_DEADLINE_MS=300: it must be at most as much',
    'GREETER_CALL_HEDGE=on needs a retry budget, which pays for second attempts, but GREETER_CALL_RETRY_BUDGET=0',
  ]);
});

const NO_EFFECT = 'has no effect with GREETER_CALL_POLICY=none: leave it out, or set GREETER_CALL_POLICY=standard';

test('with no policies, one that is switched on is refused, by its name', () => {
  const env = { GREETER_CALL_POLICY: 'none', GREETER_CALL_HEDGE: 'on', GREETER_CALL_STALE_IF_ERROR: 'on' };
  expect(mistakesOf(env)).toEqual([
    `GREETER_CALL_STALE_IF_ERROR=on ${NO_EFFECT}`,
    `GREETER_CALL_HEDGE=on ${NO_EFFECT}`,
  ]);
});

test('with no policies, their numbers may stay as they are, and a remark says that they have no effect', () => {
  const env = {
    GREETER_CALL_POLICY: 'none',
    GREETER_CALL_ATTEMPTS: '5',
    GREETER_CALL_MAX_IN_FLIGHT: '256',
    EDGE_DEADLINE_MS: '600',
    GREETER_URL: 'http://greeter:5000',
    // Their defaults.
    GREETER_CALL_COALESCE: 'off',
    GREETER_CALL_BACKOFF_CAP_MS: '1000',
  };
  expect(readConfig(env).remarks).toEqual([
    `GREETER_CALL_ATTEMPTS=5 ${NO_EFFECT}`,
    `GREETER_CALL_MAX_IN_FLIGHT=256 ${NO_EFFECT}`,
  ]);
  expect(readConfig({ ...env, GREETER_CALL_POLICY: 'standard' }).remarks).toEqual([]);
});

test('more calls in flight than requests are never reached, which a remark says', () => {
  const { remarks, downstreams } = readConfig({ GREETER_CALL_MAX_IN_FLIGHT: '1000' });
  expect(remarks).toEqual([
    'GREETER_CALL_MAX_IN_FLIGHT=1000 is never reached, because of EDGE_MAX_IN_PROGRESS=512 (its default)',
  ]);
  expect(downstreams.greeter.CALL_MAX_IN_FLIGHT).toBe(1_000);
});

test('a default gives way to the cap that somebody lowers', () => {
  const env = {
    EDGE_DEADLINE_MS: '300',
    EDGE_MAX_IN_PROGRESS: '10',
    GREETER_CALL_BACKOFF_CAP_MS: '20',
    GREETER_CALL_BREAKER_MAX_OPEN_MS: '100',
  };
  expect(readConfig(env).downstreams.greeter).toMatchObject({
    CALL_ATTEMPT_TIMEOUT_MS: 300,
    CALL_BACKOFF_BASE_MS: 20,
    CALL_BREAKER_OPEN_MS: 100,
    CALL_MAX_IN_FLIGHT: 10,
  });
});
