import { lookup } from 'node:dns/promises';
import { badRequest } from './api-error.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads `host:port`, `[::1]:port` or `:port`. Without a host it is the loopback interface: Toxiproxy would listen on
 * all of them, and an open port that breaks things must be asked for.
 * @throws ApiError that names the field and the value
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
 * The same with the name looked up, IPv4 first: what listens on `localhost` says `127.0.0.1`.
 * @throws ApiError
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

/** `127.0.0.1:5000`, `[::1]:5000` */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
