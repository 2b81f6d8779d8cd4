import { trimOws } from '@halfopen/contracts';

/** What a system must be able to pass on (W3C Baggage, "Limits"). More is cut: it would fill the header limit of the next service. */
const MAX_MEMBERS = 64;
const MAX_BYTES = 8_192;

const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;
const VALUE = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/;

/**
 * Reads a `baggage` header (W3C Baggage): application-defined properties of a request, which every service passes on.
 * @param value several headers are joined by commas
 * @returns the header for the next service, without members that are malformed or beyond the limits; `undefined` if none
 *   is left
 */
export function parseBaggage(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const kept: string[] = [];
  let bytes = 0;
  for (const text of value.split(',')) {
    const member = trimOws(text);
    if (!isMember(member)) continue;
    const more = member.length + (kept.length === 0 ? 0 : 1);
    if (kept.length === MAX_MEMBERS || bytes + more > MAX_BYTES) break;
    kept.push(member);
    bytes += more;
  }
  return kept.length === 0 ? undefined : kept.join();
}

/** A pair, and properties that are pairs or names. */
function isMember(text: string): boolean {
  const [pair = '', ...properties] = text.split(';').map(trimOws);
  return isPair(pair) && properties.every((property) => isPair(property) || TOKEN.test(property));
}

function isPair(text: string): boolean {
  const at = text.indexOf('=');
  return at > 0 && TOKEN.test(trimOws(text.slice(0, at))) && VALUE.test(trimOws(text.slice(at + 1)));
}
