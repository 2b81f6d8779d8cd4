import type { ServerResponse } from 'node:http';

/**
 * Lets the handler work and answer, and hands the body of its answer over instead of sending it. By then `res` is as
 * before, but for status and headers, which are those of the answer: nothing has been written.
 */
export function interceptAnswer(res: ServerResponse, send: (body: Buffer) => void): void {
  const asBefore = { writeHead: res.writeHead.bind(res), write: res.write.bind(res), end: res.end.bind(res) };
  const chunks: Buffer[] = [];
  const keep = (chunk: unknown) => {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk));
  };
  Object.assign(res, {
    /** The last of the others are headers, or, where there are none, a reason phrase, which means nothing. */
    writeHead: (status: number, ...others: unknown[]) => {
      res.statusCode = status;
      const headers = others.at(-1);
      if (typeof headers === 'object') {
        for (const [name, value] of Object.entries(headers ?? {})) res.setHeader(name, value as string);
      }
      return res;
    },
    write: (chunk: unknown) => {
      keep(chunk);
      return true;
    },
    end: (chunk?: unknown) => {
      keep(chunk);
      Object.assign(res, asBefore);
      send(Buffer.concat(chunks));
      return res;
    },
  });
}
