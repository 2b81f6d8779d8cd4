import type { Debt, Ledger } from './ledger.ts';

/** A proxy that speaks the HTTP API of Toxiproxy. */
export interface Wire {
  readonly apiUrl: string;
}

export interface Proxies {
  readonly names: readonly string[];
  /** Addresses of the proxies, in the order of their upstreams. */
  readonly urls: readonly string[];
  readonly remove: () => Promise<void>;
}

/**
 * Puts a proxy in front of each address, until `remove`.
 * @throws Error when the API refuses
 */
export async function proxiesFor(wire: Wire, upstreams: readonly string[], ledger: Ledger): Promise<Proxies> {
  const made: { name: string; url: string; debt: Debt }[] = [];
  const remove = async () => {
    for (const { name, debt } of made.splice(0)) {
      await callWire(wire, 'DELETE', `/proxies/${name}`);
      ledger.remove(debt);
    }
  };
  for (const [index, upstream] of upstreams.entries()) {
    const name = `lab-${process.pid}-greeter-${index + 1}`;
    const debt: Debt = { kind: 'request', method: 'DELETE', url: `${wire.apiUrl}/proxies/${name}` };
    ledger.add(debt);
    const { listen } = await callWire(wire, 'POST', '/proxies', {
      name,
      listen: '127.0.0.1:0',
      upstream: new URL(upstream).host,
      enabled: true,
    });
    made.push({ name, url: `http://${String(listen)}`, debt });
  }
  return { names: made.map(({ name }) => name), urls: made.map(({ url }) => url), remove };
}

/**
 * Sends one request to the API.
 * @throws Error with what it answered
 */
export async function callWire(
  { apiUrl }: Wire,
  method: 'POST' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<Record<string, unknown>> {
  const response = await fetch(`${apiUrl}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    signal: AbortSignal.timeout(5_000),
  }).catch((error: unknown) => {
    throw new Error(`the wire proxy does not answer: ${method} ${apiUrl}${path}`, { cause: error });
  });
  const text = await response.text();
  if (!response.ok)
    throw new Error(`the wire proxy refuses: ${method} ${apiUrl}${path} says ${response.status} ${text.trim()}`);
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}
