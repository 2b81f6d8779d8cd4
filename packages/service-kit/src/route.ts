import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  MalformedQueryError,
  type Operation,
  type ParsedInputOf,
  parseQuery,
  type ResultOf,
} from '@halfopen/contracts';
import { HttpProblem } from './http-problem.ts';
import { checkPreconditions } from './preconditions.ts';
import { quote } from './quote.ts';
import type { RequestContext } from './request-context.ts';

/** An operation and the code that answers it. */
export interface Route {
  readonly operation: Operation;
  readonly answer: (req: IncomingMessage, res: ServerResponse, context: RequestContext) => Promise<void>;
}

/**
 * Serves an operation of a contract. The input is parsed and validated before `handler` sees it, and the result is sent as
 * JSON, or as 304 or 412 if the request has conditions. Both have the types of the contract, so a renamed field does not compile.
 * @param handler may throw an `HttpProblem`, or an error with a problem code, to answer with a problem document
 * @example route(hello, async ({ name }) => ({ message: `Hello, ${name}!` }))
 */
export function route<O extends Operation>(
  operation: O,
  handler: (input: ParsedInputOf<O>, context: RequestContext) => ResultOf<O> | Promise<ResultOf<O>>,
): Route {
  return {
    operation,
    async answer(req, res, context) {
      const result = await handler(readInput(operation, req.url ?? ''), context);
      // While the handler worked, the deadline passed and the chassis answered, or the caller left.
      if (res.headersSent || res.destroyed) return;
      if (operation.safety === 'safe' && checkPreconditions(req, context.answerHeaders.etag) === 'not modified') {
        res.writeHead(304, context.answerHeaders).end();
        return;
      }
      const body = JSON.stringify(result);
      res
        .writeHead(200, {
          ...context.answerHeaders,
          'content-type': 'application/json; charset=utf-8',
          'content-length': Buffer.byteLength(body),
        })
        .end(body);
    },
  };
}

/** @throws HttpProblem 400, naming the parameter, its value and what is accepted */
function readInput<O extends Operation>(operation: O, url: string): ParsedInputOf<O> {
  const query = url.indexOf('?');
  const given = parse(query < 0 ? '' : url.slice(query + 1));
  const parsed = operation.query.safeParse(given);
  if (parsed.success) return parsed.data as ParsedInputOf<O>;
  const mistakes = parsed.error.issues.map(({ path, message }) => {
    const field = path.join('.');
    return `${field} ${message}, not ${quote(given[field])}`;
  });
  throw new HttpProblem('bad_request', mistakes.join('; '));
}

function parse(query: string) {
  try {
    return parseQuery(query);
  } catch (error) {
    if (error instanceof MalformedQueryError) throw new HttpProblem('bad_request', error.message);
    throw error;
  }
}
