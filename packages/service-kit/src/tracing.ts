import { type DiagLogger, DiagLogLevel, diag, type Tracer } from '@opentelemetry/api';
import type { Sampler } from '@opentelemetry/sdk-trace';
import type { Logger } from './log.ts';

/** OpenTelemetry's names of samplers. */
export const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

export interface TracingSettings {
  /** Where spans are sent. Empty: nothing is traced. */
  readonly OTEL_EXPORTER_OTLP_ENDPOINT: string;
  readonly OTEL_TRACES_SAMPLER: (typeof SAMPLERS)[number];
  /** Share of the requests, 0 to 1, that a `traceidratio` sampler traces. */
  readonly OTEL_TRACES_SAMPLER_ARG: number;
}

export interface Tracing {
  readonly tracer: Tracer;
  /** Sends what has not been sent, for two seconds at the most. */
  close(): Promise<void>;
}

/** A trace is looked at right after the request that it is of. */
const BATCH_DELAY_MS = 1_000;
/** A collector that is down must not hold a service that stops. */
const EXPORT_TIMEOUT_MS = 2_000;

/**
 * Sends the spans of this process to a collector (OTLP over HTTP, JSON). The SDK is loaded here, not before: who does not
 * trace does not pay for it. The exporter reads the other variables of its own (`OTEL_EXPORTER_OTLP_HEADERS`, …).
 * @param log told when spans are lost
 * @returns `undefined` where nothing is to be traced
 */
export async function startTracing(
  service: string,
  settings: TracingSettings,
  log: Logger,
): Promise<Tracing | undefined> {
  if (settings.OTEL_EXPORTER_OTLP_ENDPOINT === '') return undefined;
  const [{ BatchSpanProcessor, TracerProvider, ...samplers }, { OTLPTraceExporter }, { resourceFromAttributes }] =
    await Promise.all([
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
    ]);
  diag.setLogger(complaintsTo(log), DiagLogLevel.WARN);
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': service, 'service.namespace': 'halfopen' }),
    sampler: samplerOf(settings, samplers),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({ timeoutMillis: EXPORT_TIMEOUT_MS }),
        scheduledDelayMillis: BATCH_DELAY_MS,
        exportTimeoutMillis: EXPORT_TIMEOUT_MS,
      }),
    ],
  });
  return {
    tracer: provider.getTracer('halfopen'),
    // What could not be sent has been complained about.
    close: () => provider.shutdown().catch(() => undefined),
  };
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

/** A collector that is down fails every second: one line in so many milliseconds says it. */
const COMPLAINT_EVERY_MS = 30_000;

/** What the SDK has to say, without what it quotes: its errors carry the requests of its exporter, headers included. */
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
