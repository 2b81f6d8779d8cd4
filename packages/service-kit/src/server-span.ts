import { SpanStatusCode } from '@opentelemetry/api';
import { knownMethod } from './http-metrics.ts';
import type { RequestRecord } from './request-context.ts';

/** Ends the span of a finished request, with the attributes of OpenTelemetry's conventions for HTTP servers. */
export function endServerSpan(
  { trace, route, problem, degraded, requestId }: RequestRecord,
  method: string,
  status: number,
): void {
  const { span } = trace;
  if (span === undefined) return;
  const known = knownMethod(method);
  // A path without a route is caller-controlled text, and would make any number of span names.
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
  // A caller's mistake, or a caller that left, is not a failure of this service.
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR, message: problem?.code ?? String(status) });
  span.end();
}
