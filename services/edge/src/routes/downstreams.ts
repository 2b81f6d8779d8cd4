import type { RequestHandler } from 'express';
import type { Downstreams } from '../downstreams.ts';

/** `GET /downstreams` on the ops port: what the edge knows of each service it calls. */
export function downstreamsRoute(downstreams: Downstreams): RequestHandler {
  return (_req, res) => {
    const status = Object.entries(downstreams).map(([name, downstream]) => [name, downstream.status()]);
    res.json(Object.fromEntries(status));
  };
}
