import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpProblem } from './http-problem.ts';
import { syntaxMistake } from './request-syntax.ts';
import { normalizedTarget } from './request-target.ts';

/**
 * Checks the head of a request for mistakes that Node's parser accepts, and normalizes its target: `/%68ello` becomes
 * `/hello`.
 * @returns the problem to refuse the request with. The connection closes after that answer
 */
export function readHead(req: IncomingMessage, res: ServerResponse): HttpProblem | undefined {
  req.url = normalizedTarget(req.url ?? '');
  const mistake = syntaxMistake(req);
  if (mistake === undefined) return undefined;
  res.shouldKeepAlive = false;
  return new HttpProblem('bad_request', mistake);
}
