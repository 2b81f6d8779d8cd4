import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { formatAddress, parseAddress } from './address.ts';
import { createProxyApi } from './api.ts';
import { ProxyCollection } from './collection.ts';

/** How `startProxyServer` runs the proxy. */
export interface ProxyServerOptions {
  /** Where the API listens, as `host:port`; port 0 is any free one. Default: `127.0.0.1:8474`, as Toxiproxy. */
  readonly listen?: string;
  /** The same seed affects the same connections. A whole number of at least 0. Default: 1. */
  readonly seed?: number;
  /** Called with a line for each event that no answer of the API reports. Default: nothing. */
  readonly log?: (line: string) => void;
}

/** A running TCP proxy. */
export interface ProxyServer {
  /** The origin of the API. */
  readonly url: string;
  /** The same proxies that the API manages. */
  readonly proxies: ProxyCollection;
  /** Closes the API, every listener and every connection. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts a TCP proxy that is controlled through Toxiproxy's HTTP API.
 * @throws ApiError if `listen` is invalid
 * @throws RangeError if `seed` is not a whole number of at least 0
 * @throws Error with `code` EADDRINUSE, EACCES and so on if `listen` cannot be used
 */
export async function startProxyServer({
  listen = '127.0.0.1:8474',
  seed = 1,
  log = () => undefined,
}: ProxyServerOptions = {}): Promise<ProxyServer> {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`seed is ${seed}, but must be a whole number of at least 0`);
  }
  const { host, port } = parseAddress('listen', listen);
  const proxies = new ProxyCollection({ seed, log });
  const server = createServer(createProxyApi(proxies, host));
  server.listen(port, host);
  await once(server, 'listening');
  return {
    url: `http://${formatAddress({ host, port: (server.address() as AddressInfo).port })}`,
    proxies,
    stop: async () => {
      const closed = new Promise((resolve) => {
        server.close(resolve);
      });
      server.closeAllConnections();
      await Promise.all([closed, proxies.stop()]);
    },
  };
}
