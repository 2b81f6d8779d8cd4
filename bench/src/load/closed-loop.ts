import { connect } from 'node:net';

/** What every answer must be; another one is counted, and spoils the figure. */
export interface Expected {
  readonly status: number;
  /** Stands in the body. */
  readonly text: string;
}

export interface ClosedLoop {
  /** Answers so far, the wrong ones included. */
  readonly answered: number;
  readonly wrong: number;
  /** The first wrong answer. */
  readonly example: string | undefined;
  stop(): void;
}

const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * Callers that ask again as soon as they have their answer, each on a connection of its own. Bare sockets: whatever the caller
 * costs is taken away from those who are measured, on a machine of two cores.
 */
export function closedLoop(url: string, connections: number, expected: Expected): ClosedLoop {
  const { hostname, port } = new URL(url);
  const question = questionTo(url);
  const state = { answered: 0, wrong: 0, example: undefined as string | undefined, stopped: false };
  const isWrong = (example: string) => {
    state.wrong++;
    state.example ??= example;
  };
  const stops = Array.from({ length: connections }, () => call());

  function call(): () => void {
    let socket = open();
    function open() {
      let got: Buffer | undefined;
      const made = connect({ host: hostname, port: Number(port), noDelay: true });
      made.on('connect', () => made.write(question));
      made.on('data', (chunk) => {
        got = got === undefined ? chunk : Buffer.concat([got, chunk]);
        const answer = read(got);
        if (answer === undefined) return;
        got = undefined;
        state.answered++;
        if (!isRight(answer, expected)) isWrong(`${answer.status} ${answer.body}`);
        if (!state.stopped) made.write(question);
      });
      made.on('error', ({ message }) => {
        if (!state.stopped) isWrong(message);
      });
      made.on('close', () => {
        // Some servers close a connection after so many requests.
        if (!state.stopped) socket = open();
      });
      return made;
    }
    return () => socket.destroy();
  }

  return {
    get answered() {
      return state.answered;
    },
    get wrong() {
      return state.wrong;
    },
    get example() {
      return state.example;
    },
    stop() {
      state.stopped = true;
      for (const stop of stops) stop();
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

export function questionTo(url: string): Buffer {
  return Buffer.from(
    `GET /hello?name=John HTTP/1.1\r\nhost: ${new URL(url).host}\r\naccept: application/json\r\naccept-encoding: identity\r\n\r\n`,
  );
}

export function isRight({ status, body }: Answer, expected: Expected): boolean {
  return status === expected.status && body.includes(expected.text);
}

/**
 * @returns `undefined` as long as some of it is missing
 * @throws Error where the answer does not say how long it is: nothing measured here does that
 */
export function read(bytes: Buffer): Answer | undefined {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd < 0) return undefined;
  const head = bytes.toString('latin1', 0, headEnd);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined) throw new Error(`an answer without its length: ${head}`);
  const bodyAt = headEnd + HEAD_END.length;
  if (bytes.length < bodyAt + Number(length)) return undefined;
  return { status: Number(head.slice(9, 12)), body: bytes.toString('utf8', bodyAt, bodyAt + Number(length)) };
}
