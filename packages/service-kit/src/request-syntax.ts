import type { IncomingMessage } from 'node:http';

/** A path, `*`, or an http URL. Node's parser accepts any scheme. */
const TARGET = /^(?:\/|\*$|https?:\/\/)/i;

/** A registered name, an IPv4 address or a bracketed IPv6 address, with an optional port (RFC 3986 §3.2). */
const HOST = /^(?:[\w.~!$&'()*+,;=%-]+|\[[\da-f:.]+\])(?::\d*)?$/i;

/**
 * Finds mistakes in the head of a request that Node's parser accepts. A proxy in front of the service may read such a
 * request differently, and then the two disagree on where it ends or whose it is (request smuggling).
 * @returns the mistake, in words for the caller. The connection must then be closed
 */
export function syntaxMistake(req: IncomingMessage): string | undefined {
  const { httpVersion, headers, url = '' } = req;
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return `HTTP/${httpVersion} is not supported; HTTP/1.1 is`;
  if (url.includes('#')) return 'the request target must not have a fragment (RFC 9112 §3.2)';
  if (!TARGET.test(url)) return 'the request target must be a path or an http URL (RFC 9112 §3.2)';
  const coding = headers['transfer-encoding'];
  if (coding !== undefined) {
    if (httpVersion === '1.0') return 'an HTTP/1.0 request must not have a Transfer-Encoding (RFC 9112 §6.1)';
    if (coding.toLowerCase() !== 'chunked') return 'the only supported Transfer-Encoding is chunked (RFC 9112 §6.1)';
  }
  return hostMistake(req);
}

function hostMistake({ httpVersion, headers: { host }, rawHeaders }: IncomingMessage): string | undefined {
  if (host === undefined) {
    return httpVersion === '1.0' ? undefined : 'an HTTP/1.1 request must have a Host header (RFC 9112 §3.2)';
  }
  if (!HOST.test(host)) return 'the Host header must be a host with an optional port (RFC 9112 §3.2)';
  // `headers` holds only the first one.
  const hosts = rawHeaders.filter((name, at) => at % 2 === 0 && name.length === 4 && name.toLowerCase() === 'host');
  return hosts.length === 1 ? undefined : 'a request must have exactly one Host header (RFC 9112 §3.2)';
}
