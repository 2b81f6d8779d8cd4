/** The query is not percent-encoded UTF-8 (RFC 3986). */
export class MalformedQueryError extends Error {
  override readonly name = 'MalformedQueryError';
}

/**
 * Parses the query of a request target, without the `?`. Stricter than the platform's parsers, which would turn `%ff` into U+FFFD and
 * keep `%zz` as text: the wrong name would be greeted with a 200. A name that occurs more than once gets an array of its values.
 * @throws MalformedQueryError
 */
export function parseQuery(query: string): Record<string, string | string[]> {
  const parsed: Record<string, string | string[]> = Object.create(null);
  if (query === '') return parsed;
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? '' : decode(pair.slice(equals + 1));
    const before = parsed[name];
    if (before === undefined) parsed[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else parsed[name] = [before, value];
  }
  return parsed;
}

/** Formats values as a query, with the `?`; empty if there are none. `undefined` values are left out. */
export function formatQuery(values: Readonly<Record<string, string | number | boolean | undefined>>): string {
  let query = '';
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    query += `${query === '' ? '?' : '&'}${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`;
  }
  return query;
}

const ENCODED = /[%+]/;

function decode(text: string): string {
  if (!ENCODED.test(text)) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new MalformedQueryError('the query is not percent-encoded UTF-8');
  }
}
