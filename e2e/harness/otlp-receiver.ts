import { json } from 'node:stream/consumers';
import { standIn } from './system.ts';

type Value = { readonly stringValue?: string; readonly intValue?: number; readonly doubleValue?: number };
type Attributes = readonly { readonly key: string; readonly value: Value }[];

export interface ReceivedSpan {
  readonly service: string;
  readonly resource: Readonly<Record<string, unknown>>;
  readonly name: string;
  /** OTLP's numbers: 2 a server's, 3 a client's. */
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: the root of its trace, as far as this receiver knows. */
  readonly parentSpanId: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly { readonly name: string; readonly attributes: Readonly<Record<string, unknown>> }[];
  readonly startMs: number;
  readonly endMs: number;
  readonly failed: boolean;
}

/** Takes spans as a collector does (OTLP over HTTP, JSON), until the test ends. */
export async function otlpReceiver() {
  const spans: ReceivedSpan[] = [];
  const { url } = await standIn((req, res) => {
    if (req.url !== '/v1/traces' || req.method !== 'POST') {
      res.writeHead(404).end();
      return;
    }
    json(req).then(
      (payload) => {
        spans.push(...spansOf(payload as Payload));
        res.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      },
      () => res.writeHead(400).end(),
    );
  });
  return { url, spans };
}

interface Payload {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: Attributes };
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly name: string;
        readonly kind: number;
        readonly traceId: string;
        readonly spanId: string;
        readonly parentSpanId?: string;
        readonly attributes: Attributes;
        readonly events: readonly { readonly name: string; readonly attributes: Attributes }[];
        readonly startTimeUnixNano: string;
        readonly endTimeUnixNano: string;
        readonly status: { readonly code?: number };
      }[];
    }[];
  }[];
}

function spansOf({ resourceSpans }: Payload): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        service: String(read(resource.attributes)['service.name']),
        resource: read(resource.attributes),
        name: span.name,
        kind: span.kind,
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? '',
        attributes: read(span.attributes),
        events: span.events.map(({ name, attributes }) => ({ name, attributes: read(attributes) })),
        startMs: Number(span.startTimeUnixNano) / 1e6,
        endMs: Number(span.endTimeUnixNano) / 1e6,
        failed: span.status.code === 2,
      })),
    ),
  );
}

function read(attributes: Attributes): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue ?? value.doubleValue]),
  );
}
