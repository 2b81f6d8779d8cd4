import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { ApiError } from './api-error.ts';

/** Names that the public DNS cannot serve: a single label, and what stays inside of a machine, cluster or network. */
const PRIVATE_NAME = /^[\w-]+$|\.(?:localhost|internal|svc|svc\.cluster\.local)$/;

/**
 * Whether a request may come from a web page of somebody else, in a browser that can reach the API: the rule of the
 * services' ops ports, which this package cannot import. Toxiproxy looks at the user agent only. A page can send a request
 * with any body from the browser of its visitor, or let its own name resolve to 127.0.0.1 (DNS rebinding).
 * @param ownHost the host that the API listens on
 * @returns 421 for a foreign Host header, 403 for a foreign Origin
 */
export function foreignPage(req: IncomingMessage, ownHost: string): ApiError | undefined {
  const { host: authority, origin } = req.headers;
  const host = authority
    ?.toLowerCase()
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
  if (host !== undefined && isIP(host) === 0 && !PRIVATE_NAME.test(host) && host !== ownHost.toLowerCase()) {
    return new ApiError(
      421,
      `host ${JSON.stringify(host)} could be that of a web page: use an IP address, localhost or a name without a dot`,
    );
  }
  if (origin !== undefined && /^https?:\/\/(.+)$/.exec(origin.toLowerCase())?.[1] !== authority?.toLowerCase()) {
    return new ApiError(403, `a web page of the origin ${JSON.stringify(origin)} must not use this API`);
  }
  return undefined;
}
