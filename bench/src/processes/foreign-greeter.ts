/**
 * A server that knows nothing of us: the right answer over kept connections, with no `x-request-id` in it. On its second port it says
 * how many connections there have been on the first: `GREETER_PORTS=5001,5002`.
 */
import { createServer } from 'node:http';
import process from 'node:process';

const [port, countPort] = (process.env.GREETER_PORTS ?? '').split(',').map(Number);
const body = '{"message":"Hello, John!"}';
const headers = { 'content-type': 'application/json', 'content-length': body.length };
let connections = 0;

createServer((_req, res) => res.writeHead(200, headers).end(body))
  .on('connection', () => connections++)
  .listen(port, '127.0.0.1');
createServer((_req, res) => res.end(String(connections))).listen(countPort, '127.0.0.1');
process.on('disconnect', () => process.exit());
