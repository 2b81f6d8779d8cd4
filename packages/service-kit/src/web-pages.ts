import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { RequestHandler } from 'express';
import { HttpProblem } from './http-problem.ts';
import { quote } from './quote.ts';

/** The authority of an absolute request target, which counts instead of the Host header (RFC 9112 §3.2.2). */
const ABSOLUTE_TARGET = /^https?:\/\/([^/?#]*)/i;

/** Names that the public DNS cannot serve: a single label, and what stays inside of a machine, cluster or network. */
const PRIVATE_NAME = /^[\w-]+$|\.(?:localhost|internal|svc|svc\.cluster\.local)$/;

/**
 * Whether a request may come from a web page of somebody else, in the browser of a person who can reach this port. Loopback
 * keeps a page out only until its owner lets the page's own name resolve to 127.0.0.1 (DNS rebinding): then the browser
 * takes the service for the page's own server, and only the Host header still says whose page it is.
 *
 * A host is accepted if no page of the internet can have it: an IP address, `localhost`, a name without a dot (such as
 * that of a Compose service), a name of a cluster, or one of `hosts`. An Origin header must name the same host and port.
 * A browser sends no Origin with the GET of an image, a script or a frame; then Sec-Fetch-Site says whose page asks. A
 * link that a person follows is allowed.
 * @param hosts further host names, in lower case
 * @returns 421 (RFC 9110 §15.5.20) for a foreign host, 403 for a foreign origin or site
 */
export function foreignPage(req: IncomingMessage, hosts: readonly string[]): HttpProblem | undefined {
  const { host, origin } = req.headers;
  const authority = ABSOLUTE_TARGET.exec(req.url ?? '')?.[1] ?? host;
  if (authority !== undefined && !isOwnHost(hostOf(authority), hosts)) {
    return new HttpProblem(
      'bad_request',
      `host ${quote(hostOf(authority))} could be that of a web page. Use an IP address, localhost or a name without a dot, or add the name to ALLOWED_HOSTS`,
      { status: 421, title: 'Misdirected request' },
    );
  }
  if (origin !== undefined && originHost(origin) !== authority?.toLowerCase()) {
    return new HttpProblem('bad_request', `a web page of the origin ${quote(origin)} must not use this port`, {
      status: 403,
      title: 'Foreign origin',
    });
  }
  if (/^(?:cross|same)-site$/.test(String(req.headers['sec-fetch-site'])) && !isFollowedLink(req)) {
    return new HttpProblem('bad_request', 'a web page of another origin must not use this port', {
      status: 403,
      title: 'Foreign origin',
    });
  }
  return undefined;
}

/** A whole page that is opened by a link on another one, which cannot read it. */
function isFollowedLink({ method, headers }: IncomingMessage): boolean {
  return (
    (method === 'GET' || method === 'HEAD') &&
    headers['sec-fetch-mode'] === 'navigate' &&
    headers['sec-fetch-dest'] === 'document'
  );
}

/**
 * Express middleware: refuses a request header to web pages of others, by the rule of `foreignPage`.
 * @param header in lower case, such as `x-fault`
 * @param hosts further host names, in lower case
 */
export function notFromForeignPages(header: string, hosts: readonly string[]): RequestHandler {
  return (req, _res, next) => {
    next(req.headers[header] === undefined ? undefined : foreignPage(req, hosts));
  };
}

/** Host and port of an origin, whose scheme TLS in front of the service may have changed. `null` has none. */
function originHost(origin: string): string | undefined {
  return /^https?:\/\/(.+)$/.exec(origin.toLowerCase())?.[1];
}

/** Without port, brackets and final dot, in lower case. */
function hostOf(authority: string): string {
  return authority
    .toLowerCase()
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
}

function isOwnHost(host: string, hosts: readonly string[]): boolean {
  return isIP(host) !== 0 || PRIVATE_NAME.test(host) || hosts.includes(host);
}
