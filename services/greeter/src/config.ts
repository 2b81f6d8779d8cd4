import { commonSettings, readSettings, setting } from '@halfopen/service-kit';
import { z } from 'zod';

/** Every setting of the greeter: name, default, unit and purpose. */
export const settings = z.object({
  GREETER_HOST: setting.host('127.0.0.1', 'The address that the greeter listens on.'),
  GREETER_PORT: setting.port(5_000, 'The port of the greeter.'),
  GREETER_OPS_PORT: setting.port(5_001, "The port of the greeter's health, metrics and faults."),
  GREETER_DEADLINE_MS: setting.ms(
    2_000,
    'The longest that a request may take. A caller can ask for less (`x-deadline-ms`).',
  ),
  GREETER_MAX_IN_PROGRESS: setting.count(256, 'Requests in progress at the same time.'),
  GREETER_MAX_QUEUED: setting.count(
    256,
    'Requests that may wait for a place. If there are more, the oldest is refused.',
    {
      min: 0,
    },
  ),
  ...commonSettings,
});

export type Config = z.output<typeof settings>;

export const readConfig = (env: NodeJS.ProcessEnv): Config => readSettings(settings, env);
