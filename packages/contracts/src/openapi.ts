import { z } from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import { HEADERS, ID_PATTERN } from './headers.ts';
import type { Contract, Operation } from './operation.ts';
import { PROBLEM_MEDIA_TYPE, PROBLEMS, problemSchema } from './problem.ts';

const requestHeaders = z.object({
  [HEADERS.requestId]: z.string().regex(ID_PATTERN).optional().meta({
    description: 'Identifies the request across hops and logs. Replaced if it is missing or does not match.',
  }),
  [HEADERS.deadlineMs]: z.int().min(1).optional().meta({
    description:
      'Milliseconds left for this request. The service answers by then, and never waits longer than its own limit.',
  }),
  [HEADERS.traceparent]: z.string().optional().meta({ description: 'W3C Trace Context.' }),
});

const responseHeaders = {
  [HEADERS.requestId]: { description: 'The id of this request.', schema: { type: 'string' as const } },
};

const retryAfterHeader = {
  [HEADERS.retryAfter]: {
    description: 'Seconds after which another try may succeed.',
    schema: { type: 'integer' as const, minimum: 1 },
  },
};

/** Makes the OpenAPI 3.1 document of a contract. There is no second description that could become outdated. */
export function openApiDocument(contract: Contract): ReturnType<typeof createDocument> {
  const paths: ZodOpenApiPathsObject = {};
  for (const operation of Object.values(contract.operations)) {
    const path = (paths[operation.path] ??= {});
    path[operation.method.toLowerCase() as 'get'] = describe(operation);
  }
  return createDocument({
    openapi: '3.1.1',
    info: {
      title: contract.title,
      description: contract.description,
      version: contract.version,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'This service' }],
    security: [],
    paths,
  });
}

function describe(operation: Operation): ZodOpenApiOperationObject {
  const byStatus = Map.groupBy(operation.problems, (code) => PROBLEMS[code].status);
  const responses: ZodOpenApiOperationObject['responses'] = {
    200: {
      description: 'The answer.',
      headers: responseHeaders,
      content: { 'application/json': { schema: operation.response } },
    },
  };
  for (const [status, codes] of [...byStatus].toSorted(([a], [b]) => a - b)) {
    responses[`${status}` as '400'] = {
      description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join(' '),
      headers: status === 503 ? { ...responseHeaders, ...retryAfterHeader } : responseHeaders,
      content: { [PROBLEM_MEDIA_TYPE]: { schema: problemSchema } },
    };
  }
  return {
    operationId: operation.name,
    summary: operation.summary,
    requestParams: { query: operation.query, header: requestHeaders },
    responses,
  };
}
