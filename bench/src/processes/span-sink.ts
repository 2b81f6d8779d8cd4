/** Stands in for a collector: takes spans (OTLP over HTTP) and forgets them. */
import { createServer } from 'node:http';
import process from 'node:process';

createServer((req, res) => {
  req.resume().on('end', () => {
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': 2 }).end('{}');
  });
}).listen(Number(process.env.SINK_PORT), '127.0.0.1');
process.on('disconnect', () => process.exit());
