import { SpanStatusCode } from '@opentelemetry/api';
import { knownMethod } from './http-metrics.ts';
import type { RequestRecord } from './request-context.ts';

/** Ends the span of a request that has been answered, or given up, with the attributes that OpenTelemetry has for HTTP servers. */
export function endServerSpan(
  { trace, route, problem, degraded, requestId }: RequestRecord,
  method: string,
  status: number,
): void {
  const { span } = trace;
  if (span === undefined) return;
  const known = knownMethod(method);
  // The path of a request that met no route is whatever the caller typed: it is no name, and may be anything.
  span.updateName(`${known === '_OTHER' ? 'HTTP' : known}${route === undefined ? '' : ` ${route}`}`);
  span.setAttributes({
    'http.request.method': known,
    'http.response.status_code': status,
    'url.scheme': 'http',
    'halfopen.request_id': requestId,
    ...(route === undefined ? {} : { 'http.route': route, 'url.path': route }),
    ...(problem === undefined ? {} : { 'error.type': problem.code }),
    ...(degraded === undefined ? {} : { 'halfopen.degraded_because': degraded }),
  });
  // A mistake of the caller, or a caller who left, is no failure of this service.
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR, message: problem?.code ?? String(status) });
  span.end();
}
