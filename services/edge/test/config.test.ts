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
  ['EDGE_DEADLIN_MS', '5', 'EDGE_DEADLIN_MS is not a setting. Settings with this prefix: EDGE_HOST, EDGE_PORT'],
  ['GREETER_CALL_POLICY', 'best', 'GREETER_CALL_POLICY="best" is not one of standard, none; the default is standard'],
  ['GREETER_CALL_RETRY_RATIO', '10%', 'GREETER_CALL_RETRY_RATIO="10%" is not a number from 0 to 1; the default is 0.1'],
  [
    'GREETER_CALL_ATTEMPS',
    '5',
    'GREETER_CALL_ATTEMPS is not a setting. Settings with this prefix: GREETER_CALL_POLICY, GREETER_CALL_ATTEMPTS',
  ],
  ['FAULTS', 'yes', 'FAULTS="yes" is not one of off, on; the default is off'],
  ['LOG_LEVEL', 'INFO', 'LOG_LEVEL="INFO" is not one of fatal'],
])('%s=%s is one mistake, named with its value and what would do', (name, value, line) => {
  const mistakes = mistakesOf({ [name]: value });
  expect(mistakes).toHaveLength(1);
  expect(mistakes[0]).toContain(line);
  expect(mistakes[0]).not.toContain('s3cret');
});
