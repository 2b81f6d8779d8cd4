import type { IncomingMessage } from 'node:http';

/** Scheme and authority of http, or neither: Node's parser takes any scheme. */
const TARGET = /^(?:\/|\*$|https?:\/\/)/i;

/** A registered name, an IPv4 address or a bracketed IPv6 one, and perhaps a port (RFC 3986 §3.2). */
const HOST = /^(?:[\w.~!$&'()*+,;=%-]+|\[[\da-f:.]+\])(?::\d*)?$/i;

/**
 * What is wrong with the head of a request that Node's parser let pass. A proxy in front of us may read such a request
 * in another way than we do, and then the two of us disagree on whose it is or where it ends (request smuggling).
 * @returns the mistake, for the caller to read; the connection must not be used again
 */
export function syntaxMistake(req: IncomingMessage): string | undefined {
  const { httpVersion, headers, url = '' } = req;
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return `HTTP/${httpVersion} is not spoken here, HTTP/1.1 is`;
  if (url.includes('#')) return 'the request target must not have a fragment (RFC 9112 §3.2)';
  if (!TARGET.test(url)) return 'the request target must be a path or an http URL (RFC 9112 §3.2)';
  const coding = headers['transfer-encoding'];
  if (coding !== undefined) {
    if (httpVersion === '1.0') return 'HTTP/1.0 has no Transfer-Encoding (RFC 9112 §6.1)';
    if (coding.toLowerCase() !== 'chunked') return 'the only Transfer-Encoding possible is chunked (RFC 9112 §6.1)';
  }
  return hostMistake(req);
}

function hostMistake({ httpVersion, headers: { host }, rawHeaders }: IncomingMessage): string | undefined {
  if (host === undefined) {
    return httpVersion === '1.0' ? undefined : 'an HTTP/1.1 request must have a Host header (RFC 9112 §3.2)';
  }
  if (!HOST.test(host)) return 'the Host header must be a host and perhaps a port (RFC 9112 §3.2)';
  // In `headers` the first one has won already.
  const hosts = rawHeaders.filter((name, at) => at % 2 === 0 && name.length === 4 && name.toLowerCase() === 'host');
  return hosts.length === 1 ? undefined : 'a request must have one Host header (RFC 9112 §3.2)';
}
