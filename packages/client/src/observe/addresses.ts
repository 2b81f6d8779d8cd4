import { isIP } from 'node:net';
import type { Endpoint } from '@halfopen/resilience';

interface Address {
  /** Without brackets. */
  readonly address: string;
  readonly port: number;
}

interface Addresses {
  /** The host of the URI that the request is for, as configured: `server.*` of OpenTelemetry's conventions for HTTP. */
  readonly server: Address & { readonly origin: string };
  /** Where the request goes: `network.peer.*`. `undefined` if only the operating system knows (`localhost`). */
  readonly peer: Address | undefined;
}

/** The configured name and the address of an endpoint, apart. */
export function addressesOf(endpoint: Endpoint | undefined): Addresses {
  const { origin = '', host = '' } = endpoint ?? {};
  const peerUrl = URL.parse(origin);
  const url = URL.parse(`${peerUrl?.protocol ?? 'http:'}//${host}`) ?? peerUrl;
  const peer = addressIn(peerUrl);
  return {
    server: { ...addressIn(url), origin: url?.origin ?? '' },
    peer: isIP(peer.address) === 0 ? undefined : peer,
  };
}

function addressIn(url: URL | null): Address {
  const { hostname = '', port = '', protocol = '' } = url ?? {};
  return {
    address: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port) || (protocol === 'https:' ? 443 : 80),
  };
}
