const TOKEN = String.raw`[!#$%&'*+.^_\`|~\dA-Za-z-]+`;
const QUOTED = String.raw`"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"`;
const TYPE = new RegExp(`^(${TOKEN}/${TOKEN})((?:[ \\t]*;[ \\t]*(?:${TOKEN}=(?:${TOKEN}|${QUOTED}))?)*)[ \\t]*$`);
const PARAMETER = new RegExp(`;[ \\t]*(${TOKEN})=(${TOKEN}|${QUOTED})`, 'g');

export interface MediaType {
  /** Type and subtype, in lower case. */
  readonly essence: string;
  /** Values by name in lower case, unquoted. The first of several. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Parses a Content-Type (RFC 9110 §8.3.1, §5.6.6: empty parameters are allowed). @returns `undefined` if it is none */
export function parseMediaType(value: string | undefined): MediaType | undefined {
  const [, type, rest = ''] = TYPE.exec(value?.trim() ?? '') ?? [];
  if (type === undefined) return undefined;
  const parameters = new Map<string, string>();
  for (const [, name = '', given = ''] of rest.matchAll(PARAMETER)) {
    const key = name.toLowerCase();
    if (!parameters.has(key)) parameters.set(key, unquoted(given));
  }
  return { essence: type.toLowerCase(), parameters };
}

function unquoted(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replaceAll(/\\(.)/g, '$1') : value;
}
