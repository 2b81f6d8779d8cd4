import { HEADERS } from '@halfopen/contracts';
import type { AxiosAdapter, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import type { Dispatcher } from 'undici';

/** Thrown by the adapter when the connection failed after the status line had arrived. */
export class BrokenBodyError extends Error {
  override readonly name = 'BrokenBodyError';
}

/**
 * An axios adapter over an undici dispatcher. In axios's own http adapter `timeout` means socket idleness, redirects are followed, and
 * proxies are read from the environment. undici does none of that, pools connections, aborts down to the socket, and costs less CPU.
 * `config.url` is path and query, `response.data` the body's bytes, `response.headers` the few headers that the client reads.
 * @param maxResponseBytes a body that announces more is not read
 */
export function undiciAdapter(dispatcher: Dispatcher, maxResponseBytes: number): AxiosAdapter {
  return (config: InternalAxiosRequestConfig): Promise<AxiosResponse<Uint8Array>> =>
    new Promise((resolve, reject) => {
      dispatcher.dispatch(
        {
          path: config.url ?? '/',
          method: (config.method ?? 'get').toUpperCase(),
          headers: config.headers.toJSON() as Record<string, string>,
        },
        new Exchange(config, maxResponseBytes, resolve, reject),
      );
    });
}

/**
 * One request and its answer. A dispatch handler, because undici's `request` makes a stream of every body: for small bodies that
 * costs more than everything else.
 */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #config: InternalAxiosRequestConfig;
  readonly #signal: AbortSignal;
  readonly #maxBytes: number;
  readonly #resolve: (response: AxiosResponse<Uint8Array>) => void;
  readonly #reject: (reason: unknown) => void;
  #controller: Dispatcher.DispatchController | undefined;
  /** 0 until the answer has begun. */
  #status = 0;
  #headers: Record<string, string> = {};
  readonly #chunks: Buffer[] = [];

  constructor(
    config: InternalAxiosRequestConfig,
    maxBytes: number,
    resolve: (response: AxiosResponse<Uint8Array>) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#config = config;
    this.#signal = config.signal as AbortSignal;
    this.#maxBytes = maxBytes;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /**
   * undici gives no controller before it has a connection. Waiting for one would let a silent host hold an aborted request until the
   * connect timeout. The request itself is dropped once there is a connection.
   */
  readonly #onAbort = (): void => {
    this.#controller?.abort(this.#signal.reason);
    this.#fail(this.#signal.reason);
  };

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#signal.aborted) controller.abort(this.#signal.reason);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: Headers): void {
    // Interim responses (1xx) may precede the answer, even if nobody asked for them (RFC 9110 §15.2).
    if (status < 200) return;
    this.#status = status;
    this.#headers = wanted(headers);
    // We accept no other. undici decodes only chunks, and passes on anything else as if it were the body.
    const coding = headers['transfer-encoding'];
    if (coding !== undefined && !CHUNKED.test(String(coding))) {
      controller.abort(new Error('in a transfer coding that was not asked for'));
    } else if (Number(headers['content-length']) > this.#maxBytes) {
      // A body that announces too much is not read at all. One that does not announce it is cut off by the pool.
      controller.abort(new Error(`larger than ${this.#maxBytes} bytes`));
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
    const [only, ...more] = this.#chunks;
    const data = only === undefined || more.length > 0 ? Buffer.concat(this.#chunks) : only;
    this.#resolve({ data, status: this.#status, statusText: '', headers: this.#headers, config: this.#config });
  }

  onResponseError(_controller: Dispatcher.DispatchController, cause: Error): void {
    this.#fail(this.#status === 0 ? cause : new BrokenBodyError(`the body of a ${this.#status} broke off`, { cause }));
  }

  #fail(reason: unknown): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#reject(reason);
  }
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Empty members of a list mean nothing (RFC 9110 §5.6.1.2). */
const CHUNKED = /^[\s,]*chunked[\s,]*$/i;

/** The headers that the client reads. axios copies headers in quadratic time: 1,500 of them took 0.3 s (1.21.1). */
const WANTED = [
  'content-type',
  'content-encoding',
  'age',
  'cache-control',
  'date',
  'vary',
  HEADERS.retryAfter,
  HEADERS.requestId,
  HEADERS.faultInjected,
] as const;

function wanted(headers: Headers): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of WANTED) {
    const value = headers[name];
    // A header that came twice becomes "a,b", which no reader accepts.
    if (value !== undefined) kept[name] = String(value);
  }
  return kept;
}
