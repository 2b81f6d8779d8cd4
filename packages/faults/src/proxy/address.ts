import { lookup } from 'node:dns/promises';
import { badRequest } from './api-error.ts';

/** A TCP address. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads `host:port`, `[::1]:port` or `:port`. Without a host, it is the loopback interface. Toxiproxy would listen on all
 * interfaces, but an open port that breaks connections should be a decision.
 * @throws ApiError 400, naming the field and the value
 */
export function parseAddress(field: string, text: string): Address {
  const [, bracketed, plain, digits = ''] = /^(?:\[([^\]]+)\]|([^:[\]/@\s]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === '' || port > 65_535) {
    throw badRequest(`${field}: ${JSON.stringify(text.slice(0, 200))} is not host:port, such as 127.0.0.1:5000`);
  }
  return { host: bracketed || plain || '127.0.0.1', port };
}

/**
 * The same, with the name resolved to an address, IPv4 first: `localhost` becomes `127.0.0.1`.
 * @throws ApiError 400, naming the field and the value
 */
export async function resolveAddress(field: string, text: string): Promise<Address> {
  const { host, port } = parseAddress(field, text);
  try {
    const { address } = await lookup(host, { order: 'ipv4first' });
    return { host: address, port };
  } catch {
    throw badRequest(`${field}: the host of ${JSON.stringify(text)} is not known`);
  }
}

/** Writes an address as `127.0.0.1:5000` or `[::1]:5000`. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
