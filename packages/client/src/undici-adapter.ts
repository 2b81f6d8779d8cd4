import { HEADERS } from '@halfopen/contracts';
import type { AxiosAdapter, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import type { Dispatcher } from 'undici';

/** Thrown by the adapter when the connection failed after the status line had arrived. */
export class BrokenBodyError extends Error {
  override readonly name = 'BrokenBodyError';
}

/**
 * An axios adapter over an undici dispatcher. axios's own http adapter takes `timeout` for socket idleness, follows
 * redirects and reads proxies from the environment; undici does none of that, pools connections, aborts down to the
 * socket, and costs less CPU. `config.url` is path and query, `response.data` the body's bytes,
 * `response.headers` the few that the client reads.
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
 * One request and its answer. A handler of undici's and not its `request`, which makes a stream of every body: for the
 * small ones that contracts have, that costs more than all the rest.
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
   * undici gives no controller before it has a connection: were that waited for, a name server or a host that never answers would
   * hold an aborted request until the connect timeout. The request itself is dropped when the connection stands.
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
    // Of what comes before the answer (100, 103) nobody asks.
    if (status < 200) return;
    this.#status = status;
    this.#headers = wanted(headers);
    // We asked for no other. undici undoes none but chunks, and passes on the rest as if it were the body.
    const coding = headers['transfer-encoding'];
    if (coding !== undefined && !CHUNKED.test(String(coding))) {
      controller.abort(new Error('in a transfer coding nobody asked for'));
    } else if (Number(headers['content-length']) > this.#maxBytes) {
      // Not a byte is read of what says itself that it is too much; what does not say so is cut off by the pool.
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

const CHUNKED = /^chunked$/i;

/** The headers that anybody looks at. axios copies headers in quadratic time: 1,500 of them took it 0.3 s (1.21.1). */
const WANTED = [
  'content-type',
  'content-encoding',
  'age',
  'cache-control',
  HEADERS.retryAfter,
  HEADERS.requestId,
  HEADERS.faultInjected,
] as const;

function wanted(headers: Headers): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of WANTED) {
    const value = headers[name];
    // One that came twice is kept as both, and is then no value that anybody accepts.
    if (value !== undefined) kept[name] = String(value);
  }
  return kept;
}
