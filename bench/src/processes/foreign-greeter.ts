/**
 * Two servers that know nothing of us: the right answer over kept connections. The first returns no `x-request-id`, the second does, and
 * is the same otherwise. The third port says how many connections there have been on the first: `GREETER_PORTS=5001,5002,5003`.
 */
import { createServer } from 'node:http';
import process from 'node:process';

const [silentPort, namingPort, countPort] = (process.env.GREETER_PORTS ?? '').split(',').map(Number);
const body = '{"message":"Hello, John!"}';
const headers = { 'content-type': 'application/json', 'content-length': body.length };
let connections = 0;

createServer((_req, res) => res.writeHead(200, headers).end(body))
  .on('connection', () => connections++)
  .listen(silentPort, '127.0.0.1');
createServer((req, res) => {
  res.writeHead(200, { ...headers, 'x-request-id': req.headers['x-request-id'] ?? '' }).end(body);
}).listen(namingPort, '127.0.0.1');
createServer((_req, res) => res.end(String(connections))).listen(countPort, '127.0.0.1');
process.on('disconnect', () => process.exit());
