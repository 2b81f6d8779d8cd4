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

/** All proxies of one server, by name. Each method implements a call of the API. */
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

  /** @throws ApiError 404 if there is none of this name */
  get(name: string): Proxy {
    const proxy = this.#proxies.get(name);
    if (proxy === undefined) throw new ApiError(404, 'proxy not found');
    return proxy;
  }

  /** @throws ApiError 400 for an invalid body, 409 for a used name, 500 if the address cannot be used to listen */
  create(body: unknown): Promise<Proxy> {
    const settings = readProxy(body, '');
    return this.#inTurn(async () => {
      if (this.#proxies.has(settings.name)) throw new ApiError(409, 'proxy already exists');
      return this.#add(settings);
    });
  }

  /**
   * Creates or replaces several proxies. An existing one with the same addresses stays as it is, with its toxics.
   * @returns the proxies so far, and the error that stopped it, if any
   * @throws ApiError 400 for an invalid body
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

  /** @throws ApiError 400 for an invalid body, 404 if there is none of this name, 500 if the address cannot be used to listen */
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

  /** @throws ApiError 404 if there is none of this name */
  remove(name: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.get(name).stop();
      this.#proxies.delete(name);
    });
  }

  /** Starts every proxy and removes all toxics. @throws ApiError 500 if an address cannot be used to listen */
  reset(): Promise<void> {
    return this.#inTurn(async () => {
      for (const proxy of this.list()) await proxy.reset();
    });
  }

  /** Closes all listeners and connections. */
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

  /** Runs changes one after another. Two at once could both find a name free, or a listener half closed. */
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
