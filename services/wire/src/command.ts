import { Command, InvalidArgumentError, Option } from 'commander';
import type { ProxyServer } from './app.ts';

interface ProxyFlag {
  readonly name: string;
  readonly listen: string;
  readonly upstream: string;
}

interface Flags {
  readonly listen: string;
  readonly seed: number;
  readonly allowedHosts: readonly string[];
  readonly proxy: readonly ProxyFlag[];
}

/** Sets what a signal does from now on. */
type OnStop = (stop: () => void) => void;

/** The command `proxy`: runs the TCP proxy until Ctrl-C or SIGTERM. It is all that the image of the wire runs. */
export function proxyCommand(onStop: OnStop): Command {
  return new Command('proxy')
    .description("run a TCP proxy that speaks Toxiproxy's HTTP API, until Ctrl-C")
    .option('--listen <host:port>', 'where the API listens; port 0 picks a free one', '127.0.0.1:8474')
    .addOption(
      new Option(
        '--allowed-hosts <names>',
        'host names under which the API answers, besides IP addresses, localhost and names without a dot; separated by commas',
      )
        .env('ALLOWED_HOSTS')
        .argParser(parseHosts)
        .default([], 'none'),
    )
    .option('--seed <number>', 'the same seed affects the same connections', parseSeed, 1)
    .option(
      '--proxy <name=listen>upstream>',
      'a proxy to start with, such as "greeter=127.0.0.1:5500>127.0.0.1:5000" (quoted, because of the >); can be repeated',
      (text: string, before: readonly ProxyFlag[]) => [...before, parseProxy(text)],
      [],
    )
    .action((flags: Flags, command: Command) => runProxy(flags, command, onStop));
}

async function runProxy(
  { listen, seed, allowedHosts, proxy: flags }: Flags,
  command: Command,
  onStop: OnStop,
): Promise<void> {
  const say = (line: string) => {
    // A reader that has stalled must not cost memory, and one that is gone must not end the proxy.
    if (!process.stdout.writableNeedDrain) process.stdout.write(`${line}\n`);
  };
  process.stdout.on('error', () => undefined);
  // Loaded late: `--help` and a wrong option should not wait for an HTTP framework.
  const { startProxyServer } = await import('./app.ts');
  let server: ProxyServer;
  try {
    server = await startProxyServer({ listen, seed, allowedHosts, log: say });
  } catch (error) {
    command.error(`error: --listen ${listen}: ${reason(error)}`);
  }
  try {
    for (const flag of flags) await server.proxies.create(flag);
  } catch (error) {
    await server.stop();
    command.error(`error: --proxy: ${reason(error)}`);
  }
  say(`The wire can be broken at ${server.url}, seed ${seed}.`);
  const proxies = server.proxies.list().map((proxy) => proxy.toJSON());
  for (const proxy of proxies) say(`Proxy ${proxy.name}: ${proxy.listen} > ${proxy.upstream}`);
  const [{ name } = { name: undefined }] = proxies;
  // 0.0.0.0 (all interfaces, as in a container) is not an address to connect to.
  const url = server.url.replace('//0.0.0.0:', '//127.0.0.1:');
  say(
    name === undefined
      ? `Try:  curl ${url}/proxies -d '{"name": "greeter", "listen": "127.0.0.1:5500", "upstream": "127.0.0.1:5000"}'`
      : `Try:  curl ${url}/proxies/${encodeURIComponent(name)}/toxics -d '{"type": "latency", "attributes": {"latency": 800}}'`,
  );
  say('Stop: Ctrl-C');
  onStop(() => {
    // `stop` closes live connections: waiting for them to end by themselves could take for ever. `exit`, because output
    // that nobody reads would keep the process alive.
    void server.stop().finally(() => process.exit());
  });
}

function parseSeed(text: string): number {
  const seed = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(seed)) {
    throw new InvalidArgumentError(`it must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}.`);
  }
  return seed;
}

function parseHosts(text: string): readonly string[] {
  const hosts = text
    .toLowerCase()
    .split(',')
    .map((host) => host.trim());
  // Compose passes an unset variable as an empty one.
  if (text === '') return [];
  if (!hosts.every((host) => /^[\w-]+(?:\.[\w-]+)*$/.test(host))) {
    throw new InvalidArgumentError('it must be host names without ports, separated by commas.');
  }
  return hosts;
}

function parseProxy(text: string): ProxyFlag {
  const [, name, listen, upstream] = /^([^=]+)=([^>]+)>(.+)$/.exec(text) ?? [];
  if (name === undefined || listen === undefined || upstream === undefined) {
    throw new InvalidArgumentError('it must be name=listen>upstream, such as greeter=127.0.0.1:5500>127.0.0.1:5000.');
  }
  return { name, listen, upstream };
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
