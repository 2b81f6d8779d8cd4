import { commonSettings, readSettings, setting } from '@halfopen/service-kit';
import { z } from 'zod';
import { type DownstreamConfig, perDownstream, reconcile } from './downstream-settings.ts';
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

export type Config = z.output<z.ZodObject<typeof own>> & {
  readonly downstreams: Readonly<Record<DownstreamName, DownstreamConfig>>;
  /** Sentences about settings that are harmless and have no effect. */
  readonly remarks: readonly string[];
};

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
  const read = readSettings(settings, env, groups) as z.output<z.ZodObject<typeof own>> & Record<string, unknown>;
  const isSet = (name: string) => env[name] !== undefined && env[name] !== '';
  const reconciled = downstreams.map(([name]) => reconcile(name, read, isSet));
  const flat = Object.assign(read, ...reconciled.map(({ lowered }) => lowered)) as typeof read;
  const nested = downstreams.map(([name]) => [
    name,
    Object.fromEntries(['URL', ...Object.keys(perDownstream)].map((key) => [key, flat[variable(name, key)]])),
  ]);
  return {
    ...flat,
    downstreams: Object.fromEntries(nested) as Config['downstreams'],
    remarks: reconciled.flatMap(({ remarks }) => remarks),
  };
}

function variable(downstream: string, key: string): string {
  return `${downstream.toUpperCase()}_${key}`;
}
