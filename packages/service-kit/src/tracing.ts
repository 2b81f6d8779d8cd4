import { type DiagLogger, DiagLogLevel, diag, type Tracer } from '@opentelemetry/api';
import type { Sampler } from '@opentelemetry/sdk-trace';
import type { Logger } from './log.ts';

/** OpenTelemetry's names of samplers (`OTEL_TRACES_SAMPLER`). */
export const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/** Encodings of spans that are supported (`OTEL_EXPORTER_OTLP_PROTOCOL`). gRPC is not. */
export const OTLP_PROTOCOLS = ['http/json', 'http/protobuf'] as const;

/** The settings of tracing, named as in OpenTelemetry. The exporter reads some of them itself, from the environment. */
export interface TracingSettings {
  /** Where spans are sent. If both are empty, tracing is off. */
  readonly OTEL_EXPORTER_OTLP_ENDPOINT: string;
  readonly OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: string;
  readonly OTEL_EXPORTER_OTLP_PROTOCOL: (typeof OTLP_PROTOCOLS)[number];
  /** Milliseconds. */
  readonly OTEL_EXPORTER_OTLP_TIMEOUT: number;
  /** Milliseconds. */
  readonly OTEL_BSP_SCHEDULE_DELAY: number;
  readonly OTEL_SDK_DISABLED: 'true' | 'false';
  readonly OTEL_TRACES_EXPORTER: 'otlp' | 'none';
  /** Empty: the name of the service. */
  readonly OTEL_SERVICE_NAME: string;
  readonly OTEL_RESOURCE_ATTRIBUTES: Readonly<Record<string, string>>;
  readonly OTEL_TRACES_SAMPLER: (typeof SAMPLERS)[number];
  /** The share of requests, from 0 to 1, that a `traceidratio` sampler traces. */
  readonly OTEL_TRACES_SAMPLER_ARG: number;
}

/** Tracing that is switched on. */
export interface Tracing {
  readonly tracer: Tracer;
  /** Sends the spans that are left, for at most two seconds. */
  close(): Promise<void>;
}

/** A collector that is down must not delay a shutdown. */
const CLOSE_MS = 2_000;

/**
 * Starts sending the spans of this process to a collector (OTLP over HTTP, JSON). The SDK is loaded only here, so a process
 * without tracing does not pay for it. The exporter reads endpoints, headers, compression and certificates itself, from the
 * environment (`OTEL_EXPORTER_OTLP_…`, `OTEL_EXPORTER_OTLP_TRACES_…`).
 * @param service the resource attribute `service.name`, unless a setting says otherwise
 * @param log gets a warning when spans are lost
 * @returns `undefined` if tracing is off
 */
export async function startTracing(
  service: string,
  settings: TracingSettings,
  log: Logger,
): Promise<Tracing | undefined> {
  if (!isOn(settings)) return undefined;
  const protocol = settings.OTEL_EXPORTER_OTLP_PROTOCOL;
  const timeoutMs = settings.OTEL_EXPORTER_OTLP_TIMEOUT;
  const [{ BatchSpanProcessor, TracerProvider, ...samplers }, { OTLPTraceExporter }, { resourceFromAttributes }] =
    await Promise.all([
      import('@opentelemetry/sdk-trace'),
      protocol === 'http/protobuf'
        ? import('@opentelemetry/exporter-trace-otlp-proto')
        : import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
    ]);
  diag.setLogger(complaintsTo(log), DiagLogLevel.WARN);
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': service,
      'service.namespace': 'halfopen',
      // The operator's words come last: they count.
      ...settings.OTEL_RESOURCE_ATTRIBUTES,
      ...(settings.OTEL_SERVICE_NAME === '' ? {} : { 'service.name': settings.OTEL_SERVICE_NAME }),
    }),
    sampler: samplerOf(settings, samplers),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({ timeoutMillis: timeoutMs }),
        scheduledDelayMillis: settings.OTEL_BSP_SCHEDULE_DELAY,
        exportTimeoutMillis: timeoutMs,
      }),
    ],
  });
  return {
    tracer: provider.getTracer('halfopen'),
    // The exporter has already logged what it could not send.
    close: () =>
      Promise.race([
        provider.shutdown().catch(() => undefined),
        new Promise<void>((resolve) => {
          setTimeout(resolve, CLOSE_MS).unref();
        }),
      ]),
  };
}

function isOn(settings: TracingSettings): boolean {
  const endpoint = settings.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || settings.OTEL_EXPORTER_OTLP_ENDPOINT;
  return endpoint !== '' && settings.OTEL_SDK_DISABLED === 'false' && settings.OTEL_TRACES_EXPORTER === 'otlp';
}

function samplerOf(
  { OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: share }: TracingSettings,
  sdk: Pick<
    typeof import('@opentelemetry/sdk-trace'),
    'AlwaysOffSampler' | 'AlwaysOnSampler' | 'ParentBasedSampler' | 'TraceIdRatioBasedSampler'
  >,
): Sampler {
  const [, parentBased, kind] = /^(parentbased_)?(.*)$/.exec(name) ?? [];
  const root =
    kind === 'always_on'
      ? new sdk.AlwaysOnSampler()
      : kind === 'always_off'
        ? new sdk.AlwaysOffSampler()
        : new sdk.TraceIdRatioBasedSampler(share);
  return parentBased === undefined ? root : new sdk.ParentBasedSampler({ root });
}

/** A collector that is down fails every second. One line in this time is enough. */
const COMPLAINT_EVERY_MS = 30_000;

/** Logs that the SDK reported an error, without its text: that can hold requests of the exporter with their headers. */
function complaintsTo(log: Logger): DiagLogger {
  let quietUntil = 0;
  const complain = (text: string) => {
    const now = performance.now();
    if (now < quietUntil) return;
    quietUntil = now + COMPLAINT_EVERY_MS;
    log.warn({ code: /\bE[A-Z]{4,}\b/.exec(text)?.[0] ?? 'unknown' }, 'spans are lost: they could not be sent');
  };
  const ignore = () => undefined;
  return { error: complain, warn: complain, info: ignore, debug: ignore, verbose: ignore };
}
