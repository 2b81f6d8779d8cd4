import { z } from 'zod';
import { LOG_LEVELS } from './log.ts';
import { nearestName } from './nearest-name.ts';
import { isServiceLink } from './service-links.ts';
import { OTLP_PROTOCOLS, SAMPLERS } from './tracing.ts';

/**
 * The kinds of settings. Each parses the text of an environment variable and can say which values it accepts. A service's
 * `config.ts` is one zod object of them, and the table of settings in the documentation is generated from it.
 */
export const setting = {
  /** A TCP port. 0 lets the system pick a free one. */
  port: (value: number, doc: string) =>
    wholeNumber({ min: 0, max: 65_535 })
      .default(value)
      .meta({ description: doc, expects: 'a port from 0 to 65535 (0: any free one)' }),
  /** A duration in milliseconds. Default range: 1 to 3,600,000 (an hour). */
  ms: (value: number, doc: string, { min = 1, max = 3_600_000 } = {}) =>
    wholeNumber({ min, max })
      .default(value)
      .meta({ description: doc, unit: 'ms', expects: `a whole number of milliseconds from ${min} to ${max}` }),
  /** A number of things. Default range: 1 to 1,000,000. */
  count: (value: number, doc: string, { min = 1, max = 1_000_000 } = {}) =>
    wholeNumber({ min, max })
      .default(value)
      .meta({ description: doc, expects: `a whole number from ${min} to ${max}` }),
  /** A share from 0 to 1. `excluded`: bounds that are not allowed themselves. */
  share: (value: number, doc: string, { excluded = [] }: { excluded?: readonly (0 | 1)[] } = {}) =>
    z
      .string()
      .regex(/^\d*\.?\d+$/)
      .transform(Number)
      .pipe(z.number().min(0).max(1))
      .refine((share) => !excluded.some((bound) => bound === share))
      .default(value)
      .meta({
        description: doc,
        expects: `a number ${excluded.includes(0) ? 'above' : 'from'} 0 ${excluded.includes(1) ? 'to below' : 'to'} 1`,
      }),
  /** An address or host name to listen on. */
  host: (value: string, doc: string) =>
    z
      .string()
      .regex(/^[A-Za-z0-9.:_-]+$/)
      .default(value)
      .meta({ description: doc, expects: 'an address or a host name, such as 127.0.0.1' }),
  /** Origins (scheme, host and port) of another service: one, or several separated by commas. */
  origins: (value: string, doc: string) =>
    z
      .string()
      .transform((text) => text.split(',').map((origin) => origin.trim()))
      .pipe(
        z.array(
          z
            .string()
            .refine(isOrigin)
            .transform((text) => new URL(text).origin),
        ),
      )
      .transform((origins) => [...new Set(origins)])
      .prefault(value)
      .meta({
        description: doc,
        expects:
          'an origin (scheme, host and port only), such as http://127.0.0.1:5000, or several separated by commas',
      }),
  /** Host names, separated by commas. Default: none. */
  hosts: (doc: string) =>
    z
      .string()
      .transform((text) =>
        text
          .toLowerCase()
          .split(',')
          .map((host) => host.trim()),
      )
      .pipe(z.array(z.string().regex(/^[\w-]+(?:\.[\w-]+)*$/)))
      .default([])
      .meta({ description: doc, expects: 'host names without ports, separated by commas' }),
  /** Any text. */
  text: (value: string, doc: string) => z.string().default(value).meta({ description: doc, expects: 'a text' }),
  /** OpenTelemetry's list of attributes: `key=value` pairs, separated by commas, percent-encoded. Default: none. */
  attributes: (doc: string) =>
    z
      .string()
      .regex(/^(?:\s*[^\s=,]+\s*=[^,]*(?:,|$))+$/)
      .refine((text) => decodeAttributes(text) !== undefined)
      .transform((text) => decodeAttributes(text) ?? {})
      .default({})
      .meta({ description: doc, expects: 'key=value pairs, separated by commas and percent-encoded' }),
  /** An http or https URL. Default: none. */
  optionalUrl: (doc: string) =>
    z
      .string()
      .refine((text) => text === '' || isHttpUrl(text))
      .default('')
      .meta({ description: doc, expects: 'an http or https URL without credentials' }),
  /** One of a list of words. */
  choice: <const Choices extends readonly [string, ...string[]]>(
    choices: Choices,
    value: NoInfer<Choices[number]>,
    doc: string,
  ) =>
    z
      .enum(choices)
      .default(value as never)
      .meta({ description: doc, expects: `one of ${choices.join(', ')}` }),
};

/** Settings that every service has, with the same meaning. */
export const commonSettings = {
  FAULTS: setting.choice(
    ['off', 'on'],
    'off',
    "Whether faults may be injected: `x-fault` on a request, `/faults` on the greeter's ops port.",
  ),
  ALLOWED_HOSTS: setting.hosts(
    'Host names under which ops ports and `x-fault` can be used, besides IP addresses, `localhost`, names without a dot and names of a cluster.',
  ),
  DRAIN_MS: setting.ms(
    0,
    'How long a service that is shutting down still accepts connections while `/readyz` answers 503.',
    {
      min: 0,
    },
  ),
  KEEP_ALIVE_TIMEOUT_MS: setting.ms(
    620_000,
    'How long an idle connection is kept. It must be longer than callers and load balancers keep theirs.',
    { min: 1_000 },
  ),
  LOG_LEVEL: setting.choice(LOG_LEVELS, 'info', 'The least severe level that is logged.'),
  OTEL_EXPORTER_OTLP_ENDPOINT: setting.optionalUrl(
    'Where spans are sent (OTLP over HTTP), such as `http://127.0.0.1:4318`. If unset, tracing is off.',
  ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: setting.optionalUrl(
    'The same with the whole path, such as `http://127.0.0.1:4318/v1/traces`. It takes precedence.',
  ),
  OTEL_EXPORTER_OTLP_PROTOCOL: setting.choice(OTLP_PROTOCOLS, 'http/json', 'How spans are encoded.'),
  OTEL_EXPORTER_OTLP_TIMEOUT: setting.ms(2_000, 'How long a collector may take to accept spans.'),
  OTEL_BSP_SCHEDULE_DELAY: setting.ms(1_000, 'How long spans are collected before they are sent.'),
  OTEL_SDK_DISABLED: setting.choice(['false', 'true'], 'false', 'Whether tracing is off in any case.'),
  OTEL_TRACES_EXPORTER: setting.choice(['otlp', 'none'], 'otlp', 'Where spans go. `none`: tracing is off.'),
  OTEL_METRICS_EXPORTER: setting.choice(
    ['prometheus', 'none'],
    'prometheus',
    'Metrics are at `/metrics` on the ops port in any case. Others are not supported.',
  ),
  OTEL_LOGS_EXPORTER: setting.choice(
    ['console', 'none'],
    'console',
    'Logs go to standard output in any case. Others are not supported.',
  ),
  OTEL_PROPAGATORS: setting.choice(
    ['tracecontext,baggage', 'baggage,tracecontext'],
    'tracecontext,baggage',
    'Trace context and baggage are passed on in any case. Others are not supported.',
  ),
  OTEL_SERVICE_NAME: setting.text('', 'The name of the service in traces. Unset, it is that of the service.'),
  OTEL_RESOURCE_ATTRIBUTES: setting.attributes('Attributes of every span, such as `k8s.pod.name=edge-1,team=web`.'),
  OTEL_TRACES_SAMPLER: setting.choice(SAMPLERS, 'parentbased_always_on', 'Which requests are traced.'),
  OTEL_TRACES_SAMPLER_ARG: setting.share(1, 'The share of requests that a `traceidratio` sampler traces.'),
};

/** Variables of OpenTelemetry that would be without effect here, and so must not be set. */
const UNSUPPORTED =
  /^OTEL_(?:BSP_(?!SCHEDULE_DELAY$)\w+|\w+_LIMIT|(?:EXPERIMENTAL_)?CONFIG_FILE|EXPORTER_OTLP_TRACES_(?:PROTOCOL|TIMEOUT))$/;

export type CommonConfig = { readonly [Name in keyof typeof commonSettings]: z.output<(typeof commonSettings)[Name]> };

/** All mistakes in the settings, one line each. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    super(mistakes.join('\n'));
    this.mistakes = mistakes;
  }
}

/**
 * Reads settings from an environment. An empty variable counts as unset, because compose files pass unset ones as empty.
 * @param groups prefixes reserved for these settings. An unknown variable with such a prefix is a mistake: a misspelt
 *   setting that is silently ignored is worse than one that stops the start. Default: none
 * @throws SettingsError naming each variable, its value, and what is accepted
 */
export function readSettings<S extends z.ZodObject>(
  settings: S,
  env: Readonly<Record<string, string | undefined>>,
  groups: readonly string[] = [],
): z.output<S> {
  const mistakes: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, kind] of Object.entries(settings.shape)) {
    // Kubernetes sets EDGE_PORT=tcp://… in every pod beside a Service `edge`: nobody has set the setting then.
    const text = isServiceLink(name, env) ? undefined : env[name];
    const parsed = (kind as z.ZodType).safeParse(text === '' ? undefined : text);
    if (parsed.success) {
      values[name] = parsed.data;
    } else {
      const { expects, fallback } = describeSetting(kind as z.ZodType);
      mistakes.push(`${name}=${quote(text ?? '')} is not ${expects}; the default is ${fallback}`);
    }
  }
  for (const name of Object.keys(env)) {
    if (UNSUPPORTED.test(name) && env[name] !== '' && !Object.hasOwn(settings.shape, name)) {
      mistakes.push(`${name} is not supported: unset it`);
    }
    const group = groups.find((prefix) => name.startsWith(prefix));
    if (group === undefined || Object.hasOwn(settings.shape, name) || isServiceLink(name, env)) continue;
    const known = Object.keys(settings.shape).filter((candidate) => candidate.startsWith(group));
    const meant = nearestName(name, known);
    mistakes.push(
      `${name} is not a setting. ${meant === undefined ? `Settings with this prefix: ${known.join(', ')}` : `Did you mean ${meant}?`}`,
    );
  }
  if (mistakes.length > 0) throw new SettingsError(mistakes);
  return values as z.output<S>;
}

/** What the documentation says about one setting. */
export interface SettingDescription {
  /** The accepted values, in words that follow "is not". */
  readonly expects: string;
  /** The default; `off` if the default is no value. */
  readonly fallback: string;
  /** `ms`, or empty. */
  readonly unit: string;
  readonly description: string;
}

/** What the documentation says about one setting. */
export function describeSetting(kind: z.ZodType): SettingDescription {
  const { description = '', expects = '', unit = '' } = (kind.meta() ?? {}) as Record<string, string>;
  return { description, expects, unit, fallback: textOf(kind.parse(undefined)) };
}

/** A value as it would be written into the environment. */
function textOf(value: unknown): string {
  return (typeof value === 'object' && value !== null ? Object.values(value).join() : String(value)) || 'off';
}

function decodeAttributes(text: string): Readonly<Record<string, string>> | undefined {
  try {
    const pairs = text.split(',').flatMap((pair): [string, string][] => {
      const at = pair.indexOf('=');
      return at < 0
        ? []
        : [[decodeURIComponent(pair.slice(0, at).trim()), decodeURIComponent(pair.slice(at + 1).trim())]];
    });
    return Object.fromEntries(pairs);
  } catch {
    // A percent sign that encodes nothing.
    return undefined;
  }
}

function wholeNumber({ min, max }: { min: number; max: number }) {
  return z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .pipe(z.number().min(min).max(max));
}

function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && isHttpUrl(text) && url.pathname === '/' && url.search === '' && url.hash === '';
}

function isHttpUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && ['http:', 'https:'].includes(url.protocol) && url.username === '' && url.password === '';
}

/** Values with `@` or `?` are masked: a malformed URL may hold credentials or a token, which must not get into a log. */
function quote(text: string): string {
  return /[@?]/.test(text) ? '"***"' : JSON.stringify(text);
}
