import { trimOws } from '@halfopen/contracts';

const TOKEN = String.raw`[!#$%&'*+.^_\`|~\dA-Za-z-]+`;
const QUOTED = String.raw`"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"`;

// Sticky, and each matches in one way only: a single expression for all of it takes exponential time for `a/b ; ; ; ; "`.
const TYPE = new RegExp(`${TOKEN}/${TOKEN}`, 'y');
const SEPARATOR = /[ \t]*;[ \t]*/y;
const PARAMETER = new RegExp(`(${TOKEN})=(${TOKEN}|${QUOTED})`, 'y');

export interface MediaType {
  /** Type and subtype, in lower case. */
  readonly essence: string;
  /** Values by name in lower case, unquoted. The first of several. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Parses a Content-Type (RFC 9110 §8.3.1, §5.6.6: empty parameters are allowed). @returns `undefined` if it is none */
export function parseMediaType(value: string | undefined): MediaType | undefined {
  const text = trimOws(value ?? '');
  let at = 0;
  const take = (expression: RegExp) => {
    expression.lastIndex = at;
    const found = expression.exec(text);
    if (found !== null) at = expression.lastIndex;
    return found;
  };
  const type = take(TYPE);
  if (type === null) return undefined;
  const parameters = new Map<string, string>();
  while (at < text.length) {
    if (take(SEPARATOR) === null) return undefined;
    const [, name, given = ''] = take(PARAMETER) ?? [];
    if (name === undefined) continue;
    const key = name.toLowerCase();
    if (!parameters.has(key)) parameters.set(key, unquoted(given));
  }
  return { essence: type[0].toLowerCase(), parameters };
}

function unquoted(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replaceAll(/\\(.)/g, '$1') : value;
}
