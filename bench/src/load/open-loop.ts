import { connect, type Socket } from 'node:net';
import { type Expected, isRight, questionTo, read } from './closed-loop.ts';

/** Of each request, in milliseconds from when it was due. */
export interface Waits {
  /** Until its right answer was there. Who got none has waited as long as a caller would have. */
  readonly waitedMs: Float64Array;
  /** Until it was sent. */
  readonly latenessMs: Float64Array;
}

export interface OpenLoopOptions {
  readonly url: string;
  /** When each request is due, in milliseconds from now, ascending. */
  readonly dueMs: Float64Array;
  readonly expected: Expected;
  /** How long a caller waits for an answer. */
  readonly patienceMs: number;
}

/**
 * Sends each request when it is due, whether or not those before have been answered, on a connection that is free or on a new one.
 * Bare sockets, for the reason of the closed loop.
 */
export async function openLoop({ url, dueMs, expected, patienceMs }: OpenLoopOptions): Promise<Waits> {
  const { hostname, port } = new URL(url);
  const question = questionTo(url);
  const waitedMs = new Float64Array(dueMs.length).fill(patienceMs);
  const latenessMs = new Float64Array(dueMs.length);
  const startedAt = performance.now();
  const sockets = new Set<Socket>();
  const free: { readonly socket: Socket; ask(index: number): void }[] = [];
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  let left = dueMs.length;
  const leave = () => {
    if (--left === 0) end();
  };

  function open(first: number): void {
    let asked: number | undefined = first;
    let got: Buffer | undefined;
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    sockets.add(socket);
    const connection = {
      socket,
      ask(index: number) {
        asked = index;
        socket.write(question);
      },
    };
    socket.on('connect', () => socket.write(question));
    socket.on('data', (chunk) => {
      got = got === undefined ? chunk : Buffer.concat([got, chunk]);
      const answer = read(got);
      if (answer === undefined || asked === undefined) return;
      if (isRight(answer, expected)) waitedMs[asked] = performance.now() - startedAt - (dueMs[asked] as number);
      [got, asked] = [undefined, undefined];
      free.push(connection);
      leave();
    });
    // Who has been asked there has no answer: `close` follows.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      if (asked !== undefined) leave();
    });
  }

  function send(index: number): void {
    latenessMs[index] = performance.now() - startedAt - (dueMs[index] as number);
    let connection = free.pop();
    while (connection?.socket.destroyed === true) connection = free.pop();
    if (connection === undefined) open(index);
    else connection.ask(index);
  }

  let next = 0;
  let timer: NodeJS.Timeout | undefined;
  const sendDue = () => {
    const nowMs = performance.now() - startedAt;
    while (next < dueMs.length && (dueMs[next] as number) <= nowMs) send(next++);
    timer = next < dueMs.length ? setTimeout(sendDue, (dueMs[next] as number) - nowMs) : setTimeout(end, patienceMs);
  };
  sendDue();
  await ended;
  clearTimeout(timer);
  for (const socket of sockets) socket.destroy();
  return { waitedMs, latenessMs };
}
