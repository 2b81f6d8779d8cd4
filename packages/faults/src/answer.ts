import type { ServerResponse } from 'node:http';

/**
 * Runs the handler as usual, but passes the body of its answer to `send` instead of the caller. When `send` is called, `res`
 * has the status and headers of the answer, nothing has been written, and its methods are the original ones.
 */
export function interceptAnswer(res: ServerResponse, send: (body: Buffer) => void): void {
  const asBefore = { writeHead: res.writeHead.bind(res), write: res.write.bind(res), end: res.end.bind(res) };
  const chunks: Buffer[] = [];
  const keep = (chunk: unknown) => {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk));
  };
  Object.assign(res, {
    /** The last argument holds the headers, or is a reason phrase, which has no meaning in HTTP. */
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
