import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { formatAddress, parseAddress } from './address.ts';
import { createProxyApi } from './api.ts';
import { ProxyCollection } from './collection.ts';

export interface ProxyServerOptions {
  /** Where the API listens, `host:port`; port 0 is any free one. @default '127.0.0.1:8474', as Toxiproxy */
  readonly listen?: string;
  /** The same seed hits the same connections. @default 1 */
  readonly seed?: number;
  /** Told what nobody who calls the API would see, a line at a time. @default nobody */
  readonly log?: (line: string) => void;
}

export interface ProxyServer {
  /** Of the API. */
  readonly url: string;
  readonly proxies: ProxyCollection;
  /** Ends the API, every listener and every connection. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts a TCP proxy that is steered over Toxiproxy's HTTP API.
 * @throws ApiError when `listen` is no address; Node's error when it cannot be listened on
 */
export async function startProxyServer({
  listen = '127.0.0.1:8474',
  seed = 1,
  log = () => undefined,
}: ProxyServerOptions = {}): Promise<ProxyServer> {
  const { host, port } = parseAddress('listen', listen);
  const proxies = new ProxyCollection({ seed, log });
  const server = createServer(createProxyApi(proxies));
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
