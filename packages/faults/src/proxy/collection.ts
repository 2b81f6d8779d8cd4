import { z } from 'zod';
import { ApiError } from './api-error.ts';
import { Proxy, type ProxySettings } from './proxy.ts';
import { optional, readBody } from './toxic.ts';

const text = optional(z.string());
const proxySchema = z.object({ name: text, listen: text, upstream: text, enabled: optional(z.boolean()) });
const updateSchema = proxySchema.omit({ name: true });

interface NewProxy {
  readonly name: string;
  readonly listen: string;
  readonly upstream: string;
  readonly enabled: boolean;
}

/** All proxies of one server, by name: what each call of the API does. */
export class ProxyCollection {
  readonly #shared: Pick<ProxySettings, 'seed' | 'log'>;
  readonly #proxies = new Map<string, Proxy>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(shared: Pick<ProxySettings, 'seed' | 'log'>) {
    this.#shared = shared;
  }

  list(): readonly Proxy[] {
    return [...this.#proxies.values()];
  }

  /** @throws ApiError 404 */
  get(name: string): Proxy {
    const proxy = this.#proxies.get(name);
    if (proxy === undefined) throw new ApiError(404, 'proxy not found');
    return proxy;
  }

  /** @throws ApiError 400, 409, or 500 when the address cannot be listened on */
  create(body: unknown): Promise<Proxy> {
    const settings = readProxy(body, '');
    return this.#inTurn(async () => {
      if (this.#proxies.has(settings.name)) throw new ApiError(409, 'proxy already exists');
      return this.#add(settings);
    });
  }

  /**
   * Creates or replaces several. One that exists with the same addresses stays as it is, toxics included.
   * @returns them, and the mistake that stopped it, if any
   */
  populate(body: unknown): Promise<{ readonly proxies: readonly Proxy[]; readonly error?: ApiError }> {
    const all = readBody(z.array(z.unknown()), body).map((entry, index) => readProxy(entry, ` at proxy ${index + 1}`));
    return this.#inTurn(async () => {
      const proxies: Proxy[] = [];
      try {
        for (const settings of all) {
          const present = this.#proxies.get(settings.name);
          if (present !== undefined && !(await present.differs(settings.listen, settings.upstream))) {
            proxies.push(present);
          } else {
            await present?.stop();
            proxies.push(await this.#add(settings));
          }
        }
      } catch (error) {
        if (error instanceof ApiError) return { proxies, error };
        throw error;
      }
      return { proxies };
    });
  }

  /** @throws ApiError 400, 404, or 500 when the new address cannot be listened on */
  update(name: string, body: unknown): Promise<Proxy> {
    return this.#inTurn(async () => {
      const proxy = this.get(name);
      const { listen, upstream, enabled } = proxy.toJSON();
      const change = readBody(updateSchema, body);
      await proxy.update({
        listen: change.listen ?? listen,
        upstream: change.upstream ?? upstream,
        enabled: change.enabled ?? enabled,
      });
      return proxy;
    });
  }

  /** @throws ApiError 404 */
  remove(name: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.get(name).stop();
      this.#proxies.delete(name);
    });
  }

  /** Every proxy listens and has no toxics. @throws ApiError 500 when an address cannot be listened on */
  reset(): Promise<void> {
    return this.#inTurn(async () => {
      for (const proxy of this.list()) await proxy.reset();
    });
  }

  /** Closes all connections and listens no more. */
  stop(): Promise<void> {
    return this.#inTurn(async () => {
      await Promise.all(this.list().map((proxy) => proxy.stop()));
    });
  }

  async #add({ name, listen, upstream, enabled }: NewProxy): Promise<Proxy> {
    const proxy = new Proxy({ name, listen, upstream, ...this.#shared });
    if (enabled) await proxy.start();
    this.#proxies.set(name, proxy);
    return proxy;
  }

  /** One change after the other: two at once could both find a name free, or a listener half closed. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(change, change);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

/** @throws ApiError 400 */
function readProxy(body: unknown, at: string): NewProxy {
  const { name, listen, upstream, enabled = true } = readBody(proxySchema, body);
  if (!name) throw new ApiError(400, `missing required field: name${at}`);
  if (!upstream) throw new ApiError(400, `missing required field: upstream${at}`);
  return { name, listen: listen || ':0', upstream, enabled };
}
