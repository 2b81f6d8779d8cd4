import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** What a handler wanted to answer. */
export interface Answer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

/**
 * Lets the handler work and answer, and hands its answer over instead of sending it. Afterwards `res` is as before, and
 * nothing of the answer has been written.
 */
export function interceptAnswer(res: ServerResponse, send: (answer: Answer) => void): void {
  const asBefore = { writeHead: res.writeHead.bind(res), write: res.write.bind(res), end: res.end.bind(res) };
  let head: Pick<Answer, 'status' | 'headers'> | undefined;
  const chunks: Buffer[] = [];
  const keep = (chunk: unknown) => {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk));
  };
  Object.assign(res, {
    writeHead: (status: number, ...rest: unknown[]) => {
      head = { status, headers: rest.at(-1) as OutgoingHttpHeaders };
      return res;
    },
    write: (chunk: unknown) => {
      keep(chunk);
      return true;
    },
    end: (chunk?: unknown) => {
      keep(chunk);
      Object.assign(res, asBefore);
      const { status = res.statusCode, headers = {} } = head ?? {};
      const lowerCase = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
      const all = { ...res.getHeaders(), ...Object.fromEntries(lowerCase) };
      send({ status, headers: all, body: Buffer.concat(chunks) });
      return res;
    },
  });
}
