import express, { type ErrorRequestHandler, type Express, type Request, type RequestHandler } from 'express';
import { ApiError, badRequest } from './api-error.ts';
import type { ProxyCollection } from './collection.ts';

/** The version of Toxiproxy with the same API. Clients ask for it and adapt their requests. */
const API_VERSION = '2.12.0';

const MAX_BODY_BYTES = 1_048_576;

/**
 * Toxiproxy's HTTP API, with the paths, statuses, bodies and errors of its version 2.12. It has no access control: whoever
 * serves it decides who may use it.
 */
export function createProxyApi(proxies: ProxyCollection): Express {
  const api = express().disable('x-powered-by').disable('etag').set('query parser', false);
  api.enable('strict routing').enable('case sensitive routing');
  // Toxiproxy's clients send various content types.
  const text = express.text({ limit: MAX_BODY_BYTES, type: () => true });
  const body: RequestHandler = (req, res, next) => {
    // Express would first read all of it.
    if (Number(req.headers['content-length']) > MAX_BODY_BYTES) throw tooLarge();
    text(req, res, next);
  };

  api
    .route('/version')
    .get((_req, res) => {
      res.type('application/json').send(`{"version": "${API_VERSION}"}\n`);
    })
    .all(notAllowed('GET'));
  api
    .route('/reset')
    .post(async (_req, res) => {
      await proxies.reset();
      res.status(204).end();
    })
    .all(notAllowed('POST'));
  api
    .route('/populate')
    .post(body, async (req, res) => {
      const { proxies: populated, error } = await proxies.populate(json(req));
      res.status(error?.status ?? 201).json({ ...error?.toJSON(), proxies: populated });
    })
    .all(notAllowed('POST'));
  api
    .route('/proxies')
    .get((_req, res) => {
      res.json(Object.fromEntries(proxies.list().map((proxy) => [proxy.name, proxy])));
    })
    .post(body, async (req, res) => {
      res.status(201).json(await proxies.create(json(req)));
    })
    .all(notAllowed('GET', 'POST'));
  // Since Toxiproxy 2.6 a change is a PATCH. Older clients send POST.
  const updateProxy: RequestHandler<{ proxy: string }> = async (req, res) => {
    res.json(await proxies.update(req.params.proxy, json(req)));
  };
  api
    .route('/proxies/:proxy')
    .get((req, res) => {
      res.json(proxies.get(req.params.proxy));
    })
    .post(body, updateProxy)
    .patch(body, updateProxy)
    .delete(async (req, res) => {
      await proxies.remove(req.params.proxy);
      res.status(204).end();
    })
    .all(notAllowed('GET', 'POST', 'PATCH', 'DELETE'));
  api
    .route('/proxies/:proxy/toxics')
    .get((req, res) => {
      res.json(proxies.get(req.params.proxy).toxics);
    })
    .post(body, (req, res) => {
      res.json(proxies.get(req.params.proxy).addToxic(json(req)));
    })
    .all(notAllowed('GET', 'POST'));
  const updateToxic: RequestHandler<{ proxy: string; toxic: string }> = (req, res) => {
    res.json(proxies.get(req.params.proxy).updateToxic(req.params.toxic, json(req)));
  };
  api
    .route('/proxies/:proxy/toxics/:toxic')
    .get((req, res) => {
      res.json(proxies.get(req.params.proxy).toxic(req.params.toxic));
    })
    .post(body, updateToxic)
    .patch(body, updateToxic)
    .delete((req, res) => {
      proxies.get(req.params.proxy).removeToxic(req.params.toxic);
      res.status(204).end();
    })
    .all(notAllowed('GET', 'POST', 'PATCH', 'DELETE'));

  api.use((req, res) => {
    // About the server as a whole (RFC 9110 §9.3.7).
    if (req.method === 'OPTIONS' && req.url === '*') {
      res.writeHead(204, { allow: 'GET, HEAD, POST, PATCH, DELETE, OPTIONS' }).end();
      return;
    }
    throw new ApiError(404, `${req.path} is not part of this API`);
  });
  api.use(answerError);
  return api;
}

/** Express's JSON parser would turn an empty body into an object. Toxiproxy refuses it. */
function json({ body }: Request<Record<string, string>>): unknown {
  if (typeof body !== 'string' || body === '') throw badRequest('it is empty but must be JSON');
  try {
    return JSON.parse(body);
  } catch (error) {
    throw badRequest(error instanceof Error ? error.message : String(error));
  }
}

/** Answers OPTIONS, and every method that the path does not have. */
function notAllowed(...methods: readonly string[]): RequestHandler {
  const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
  return (req, res) => {
    res.set('allow', allow);
    if (req.method !== 'OPTIONS') throw new ApiError(405, `${req.method} is not allowed here; allowed: ${allow}`);
    res.status(204).end();
  };
}

// Express recognizes an error handler by its four parameters.
const answerError: ErrorRequestHandler = (error: unknown, _req, res, _next) => {
  // The server has refused the request meanwhile: its body took too long.
  if (res.headersSent) return;
  const answer = apiErrorOf(error);
  res.status(answer.status).json(answer);
};

const tooLarge = () => new ApiError(413, `bad request body: more than ${MAX_BODY_BYTES / 1_048_576} MiB`);

function apiErrorOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const { status = 500, message = String(error) } = error as { status?: number; message?: string };
  return status === 413 ? tooLarge() : new ApiError(status, message);
}
