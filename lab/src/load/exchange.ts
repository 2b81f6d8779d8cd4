import { type Agent, request } from 'undici';
import type { PreparedRequest } from './mix.ts';
import type { Answer } from './outcome.ts';

/** The rest of a larger body is not read: no right answer is this large. */
const MOST_BODY_BYTES = 1_000_000;

export interface Exchange {
  readonly agent: Agent;
  /** What comes before the path of each request. */
  readonly url: string;
  readonly asked: PreparedRequest;
  /** Number of the arrival. */
  readonly arrival: number;
  readonly requestId: string;
  readonly signal: AbortSignal;
}

/**
 * Sends one request and reads the whole answer.
 * @throws when there is no answer: refused, reset, broken off, too large, or given up
 */
export async function exchange({ agent, url, asked, arrival, requestId, signal }: Exchange): Promise<Answer> {
  const answer = await request(url + asked.path(arrival), {
    dispatcher: agent,
    method: asked.method,
    // The answer is compared byte by byte: no content coding is acceptable, unless the experiment says so (RFC 9110 §12.5.3).
    headers: {
      'accept-encoding': 'identity',
      ...asked.headers(arrival),
      'x-request-id': requestId,
    },
    body: asked.body(arrival) ?? null,
    signal,
  });
  const body = await readText(answer.body);
  return {
    status: answer.statusCode,
    contentType: oneLine(answer.headers['content-type']),
    cacheStatus: oneLine(answer.headers['cache-status']),
    body,
  };
}

/** Why there is no answer, in a word. */
export function errorText(error: unknown): string {
  const { code, message } = error as Partial<NodeJS.ErrnoException>;
  return code ?? message ?? String(error);
}

function oneLine(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(', ') : header;
}

async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MOST_BODY_BYTES) throw new Error('the body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
