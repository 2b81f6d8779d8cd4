import type { ServerResponse } from 'node:http';
import { ApiError, createProxyApi, formatAddress, ProxyCollection, parseAddress } from '@halfopen/faults/proxy';
import { createHttpServer, foreignPage, readHead } from '@halfopen/service-kit/http';

/** How `startProxyServer` runs the proxy. */
export interface ProxyServerOptions {
  /** Where the API listens, as `host:port`; port 0 is any free one. Default: `127.0.0.1:8474`, as Toxiproxy. */
  readonly listen?: string;
  /** The same seed affects the same connections. A whole number of at least 0. Default: 1. */
  readonly seed?: number;
  /**
   * Host names under which the API answers, besides IP addresses, `localhost`, names without a dot, names of a cluster and
   * the host it listens on. In lower case. Any other host could be that of a web page. Default: none.
   */
  readonly allowedHosts?: readonly string[];
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
  allowedHosts = [],
  log = () => undefined,
}: ProxyServerOptions = {}): Promise<ProxyServer> {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`seed is ${seed}, but must be a whole number of at least 0`);
  }
  const { host, port } = parseAddress('listen', listen);
  const proxies = new ProxyCollection({ seed, log });
  const api = createProxyApi(proxies);
  const hosts = [...allowedHosts, host.toLowerCase()];
  const server = createHttpServer(
    (req, res) => {
      // Like Toxiproxy: a web page must not be able to switch proxies through the browser of its visitor.
      if (req.headers['user-agent']?.startsWith('Mozilla/') === true) {
        send(res, 403, 'text/plain; charset=utf-8', 'User agent not allowed\n');
        return;
      }
      const problem = readHead(req, res) ?? foreignPage(req, hosts);
      if (problem === undefined) api(req, res);
      else
        send(
          res,
          problem.status,
          'application/json; charset=utf-8',
          JSON.stringify(new ApiError(problem.status, problem.message)),
        );
    },
    (problem, status) => log(`a request was refused unread (${status}): ${problem.message}`),
  );
  const at = await server.listen(host, port);
  return {
    url: `http://${formatAddress({ host, port: at.port })}`,
    proxies,
    stop: async () => {
      await Promise.all([server.close(0, 0), proxies.stop()]);
    },
  };
}

function send(res: ServerResponse, status: number, type: string, body: string): void {
  res.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body);
}
