/** A greeter that lets at most two connections wait to be accepted. Stopped, it swallows all others: their SYNs are dropped. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const server = createServer((_req, res) => {
  res.writeHead(200, { 'content-type': 'application/json' }).end('{"message":"Hi"}');
});
server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
  process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
process.on('SIGUSR2', () => server.closeAllConnections());
process.on('disconnect', () => process.exit());
