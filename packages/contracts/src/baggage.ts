const TOKEN = String.raw`[!#$%&'*+.^_\`|~\dA-Za-z-]+`;
/** Visible ASCII without `"`, `,`, `;` and `\`. */
const VALUE = String.raw`[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*`;
const OWS = String.raw`[ \t]*`;
const PROPERTY = `${TOKEN}(?:${OWS}=${OWS}${VALUE})?`;
const MEMBER = new RegExp(`^${TOKEN}${OWS}=${OWS}${VALUE}(?:${OWS};${OWS}${PROPERTY})*$`);

/** What every hop must pass on (W3C Baggage, "Limits"). More would fill the next hop's limit for headers. */
const MAX_MEMBERS = 64;
const MAX_BYTES = 8_192;

/**
 * Reads a `baggage` header (W3C Baggage), several headers joined by commas.
 * @returns it, as it is to be passed on; `undefined` if nothing is left. Members that are not well-formed are left out, and so are
 *   those that do not fit into 64 members and 8,192 bytes. A member is never cut.
 */
export function parseBaggage(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const kept: string[] = [];
  let bytes = 0;
  for (const text of value.split(',')) {
    const member = text.replace(/^[ \t]+|[ \t]+$/g, '');
    if (!MEMBER.test(member)) continue;
    const withComma = member.length + (kept.length === 0 ? 0 : 1);
    if (kept.length === MAX_MEMBERS || bytes + withComma > MAX_BYTES) continue;
    kept.push(member);
    bytes += withComma;
  }
  return kept.length === 0 ? undefined : kept.join();
}
