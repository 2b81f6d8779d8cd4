import { createServer, type RequestListener } from 'node:http';
import process from 'node:process';

/** The greeter that every edge asks. */
export const GREETER_URL = process.env.GREETER_URL ?? 'http://127.0.0.1:5000';

/** Of every rival that can have one. That of our edge's attempts is 500 ms, that of its whole call 2 s. */
export const TIMEOUT_MS = 1_000;

/** Listens where the bench says, and ends with the process that started this one. */
export function listen(listener: RequestListener): void {
  createServer(listener).listen(Number(process.env.EDGE_PORT), '127.0.0.1');
  process.on('disconnect', () => process.exit());
}

/** An edge on nothing but `node:http`: `GET /hello?name=`, answered with what `greet` gets. */
export function serve(greet: (name: string) => Promise<unknown>): void {
  listen((req, res) => {
    const url = new URL(req.url ?? '/', 'http://edge');
    if (req.method !== 'GET' || url.pathname !== '/hello') {
      res.writeHead(404).end();
      return;
    }
    greet(url.searchParams.get('name') ?? 'World').then(
      (answer) => {
        const body = JSON.stringify(answer);
        const length = Buffer.byteLength(body);
        res.writeHead(200, { 'content-type': 'application/json', 'content-length': length }).end(body);
      },
      () => res.writeHead(502, { 'content-length': 0 }).end(),
    );
  });
}

/** What is asked of the greeter. */
export const pathOf = (name: string): string => `/hello?name=${encodeURIComponent(name)}`;
