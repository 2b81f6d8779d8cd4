import { commonSettings, readSettings, setting } from '@halfopen/service-kit';
import { z } from 'zod';

/** Every setting of the greeter: name, default, unit, what it does. */
export const settings = z.object({
  GREETER_HOST: setting.host('127.0.0.1', 'Address the greeter listens on.'),
  GREETER_PORT: setting.port(5_000, 'Port of the greeter.'),
  GREETER_OPS_PORT: setting.port(5_001, "Port of the greeter's health, metrics and faults."),
  GREETER_DEADLINE_MS: setting.ms(2_000, 'The most a request may take; a caller may ask for less (`x-deadline-ms`).'),
  GREETER_MAX_IN_PROGRESS: setting.count(256, 'Requests that are worked on at once.'),
  GREETER_MAX_QUEUED: setting.count(256, 'Requests that may wait for that; beyond it the oldest is refused.', {
    min: 0,
  }),
  ...commonSettings,
});

export type Config = z.output<typeof settings>;

export const readConfig = (env: NodeJS.ProcessEnv): Config => readSettings(settings, env);
