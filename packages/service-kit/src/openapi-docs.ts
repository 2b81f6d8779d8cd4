import { type Contract, openApiDocument } from '@halfopen/contracts';
import type { Express, RequestHandler } from 'express';
// The package's main file would load the browser bundle into this process.
import getAbsoluteFSPath from 'swagger-ui-dist/absolute-path.js';
import { checkPreconditions } from './preconditions.ts';

const ASSETS = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>API</title>
    <link rel="stylesheet" href="/docs/assets/swagger-ui.css">
    <link rel="icon" href="/docs/assets/favicon-32x32.png">
  </head>
  <body>
    <div id="docs"></div>
    <script src="/docs/assets/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;
const START = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#docs', deepLinking: true, docExpansion: 'full', tryItOutEnabled: true });\n`;

/** The page loads nothing from other origins, so nobody else learns that it was read. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/** Serves the contract as `/openapi.json`, and as `/docs` for people (Swagger UI, all of it from this process). */
export function mountDocs(app: Express, contract: Contract): void {
  const document = JSON.stringify(openApiDocument(contract));
  app.get('/openapi.json', text('application/json', document));
  app.get('/docs', text('text/html', PAGE));
  app.get('/docs/start.js', text('text/javascript', START));
  const root = getAbsoluteFSPath();
  for (const asset of ASSETS) {
    app.get(`/docs/assets/${asset}`, (_req, res) => {
      // Without `root`, Express refuses the file: the dot in `node_modules/.pnpm` makes it a hidden one.
      res.sendFile(asset, { root, maxAge: '1h' });
    });
  }
}

function text(type: string, body: string): RequestHandler {
  return (req, res) => {
    if (checkPreconditions(req, undefined) === 'not modified') {
      res.writeHead(304).end();
      return;
    }
    res.set('content-security-policy', CONTENT_SECURITY_POLICY).type(type).send(body);
  };
}
