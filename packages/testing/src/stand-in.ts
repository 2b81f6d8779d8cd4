import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface StandIn {
  readonly url: string;
  /** Connections that are open now. */
  readonly sockets: ReadonlySet<Socket>;
  /** Also ends its connections. */
  close(): void;
}

/** An HTTP server on a free loopback port that answers as it is told. Like every service of ours, it echoes `x-request-id`. */
export async function startStandIn(listener: RequestListener): Promise<StandIn> {
  const sockets = new Set<Socket>();
  const server = createServer((req, res) => {
    const id = req.headers['x-request-id'];
    if (id !== undefined) res.setHeader('x-request-id', id);
    listener(req, res);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sockets,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
