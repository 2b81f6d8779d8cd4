/** What a system must be able to pass on (W3C Baggage, "Limits"). More is cut: it would fill the header limit of the next service. */
const MAX_MEMBERS = 64;
const MAX_BYTES = 8_192;

const TOKEN = String.raw`[!#$%&'*+.^_\`|~\w-]+`;
const VALUE = String.raw`[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*`;
const PROPERTY = String.raw`${TOKEN}(?:[ \t]*=[ \t]*${VALUE})?`;
const MEMBER = new RegExp(String.raw`^${TOKEN}[ \t]*=[ \t]*${VALUE}(?:[ \t]*;[ \t]*${PROPERTY})*$`);

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
    const member = text.replace(/^[ \t]+|[ \t]+$/g, '');
    if (!MEMBER.test(member)) continue;
    const more = member.length + (kept.length === 0 ? 0 : 1);
    if (kept.length === MAX_MEMBERS || bytes + more > MAX_BYTES) break;
    kept.push(member);
    bytes += more;
  }
  return kept.length === 0 ? undefined : kept.join();
}
