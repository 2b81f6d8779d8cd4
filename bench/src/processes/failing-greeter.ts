/** A greeter that is down for everybody: 503 at once. */
import { createServer } from 'node:http';
import process from 'node:process';

createServer((_req, res) => {
  res.writeHead(503, { 'content-length': 0 }).end();
}).listen(Number(process.env.GREETER_PORTS), '127.0.0.1');
process.on('disconnect', () => process.exit());
