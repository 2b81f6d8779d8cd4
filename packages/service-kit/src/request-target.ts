/** Percent-encoded letters, digits, `-`, `.`, `_` and `~`: the unreserved characters of RFC 3986 §2.3. */
const ENCODED_UNRESERVED = /%(?:2[de]|3\d|4[1-9a-f]|5[\daf]|6[1-9a-f]|7[\dae])/gi;

/**
 * A request target whose path has no needless percent-encoding. `/%68ello` and `/hello` are equivalent (RFC 3986 §6.2.2.2),
 * and a proxy in front of the service may have rewritten one into the other. All other encodings stay: `%2F` is not `/`.
 */
export function normalizedTarget(target: string): string {
  if (!target.includes('%')) return target;
  const query = target.indexOf('?');
  const end = query < 0 ? target.length : query;
  const path = target.slice(0, end).replace(ENCODED_UNRESERVED, decodeURIComponent);
  return path + target.slice(end);
}
