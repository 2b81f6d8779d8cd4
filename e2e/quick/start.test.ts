import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { timed } from '../harness/machine-lateness.ts';
import { spawnEdge, spawnGreeter, spawnScript } from '../harness/process.ts';
import { get } from '../harness/system.ts';

const freePorts = { EDGE_PORT: '0', EDGE_OPS_PORT: '0', GREETER_PORT: '0', GREETER_OPS_PORT: '0' };

async function takenPort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.close();
  });
  return String((server.address() as AddressInfo).port);
}

/** Where the services listen, as `pnpm start` says. */
async function urlsOf(output: () => string): Promise<string[]> {
  await expect.poll(output, { timeout: 20_000 }).toContain('Stop: Ctrl-C');
  return [...output().matchAll(/(?:listens|greeter) on (http:\S+) \(ops: /g)].map(([, url = '']) => url);
}

describe('pnpm start', () => {
  test('starts both, says where they are and what to try, stops both on SIGTERM', async () => {
    const start = spawnScript('runner/src/start.ts', freePorts);
    const urls = await urlsOf(start.output);
    expect(urls).toHaveLength(2);
    const [, command = ''] = /Try: {2}curl '([^']+)'/.exec(start.output()) ?? [];
    expect((await get(command)).json).toEqual({ message: 'Hello, John!' });
    const { answer: exitCode, ownMs } = await timed(() => {
      start.signal('SIGTERM');
      return start.exited;
    });
    expect(exitCode).toBe(0);
    expect(ownMs).toBeLessThan(3_000);
    for (const url of urls) await expect(get(`${url}/hello`)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('a request in flight may still ask the greeter: the edge is stopped before it', async () => {
    const start = spawnScript('runner/src/start.ts', freePorts);
    await urlsOf(start.output);
    const [, command = ''] = /Try: {2}curl '([^']+)'/.exec(start.output()) ?? [];
    const [, greeterOps = ''] = /greeter on \S+ \(ops: ([^)]+)\)/.exec(start.output()) ?? [];
    const plan = { faults: [{ id: 'first', status: 503, retryAfter: 1, count: 1 }] };
    await fetch(`${greeterOps}/faults`, { method: 'PUT', body: JSON.stringify(plan) });
    const answer = get(command);
    const refused = async () =>
      /^faults_injected_total\{fault="first".*\} 1$/m.test((await get(`${greeterOps}/metrics`)).text);
    await expect.poll(refused, { interval: 20 }).toBe(true);
    start.signal('SIGTERM');
    expect((await answer).json).toEqual({ message: 'Hello, John!' });
    expect(await start.exited).toBe(0);
  });

  test('what the services log goes into files, and the terminal stays readable', async () => {
    const start = spawnScript('runner/src/start.ts', freePorts);
    await urlsOf(start.output);
    const [, command = ''] = /Try: {2}curl '([^']+)'/.exec(start.output()) ?? [];
    const { headers } = await get(command);
    const [, pattern = ''] = /^Logs: tail -f (\S+)$/m.exec(start.output()) ?? [];
    const logged = () =>
      globSync(pattern.replace('*', `*-${start.pid}`))
        .map((file) => readFileSync(file, 'utf8'))
        .filter((text) => text.includes(`"requestId":"${String(headers['x-request-id'])}"`));
    // The edge and the greeter.
    await expect.poll(logged).toHaveLength(2);
    start.signal('SIGTERM');
    expect(await start.exited).toBe(0);
    expect(start.output()).not.toContain('"level"');
  });

  test('--logs shows what the services log', async () => {
    const start = spawnScript('runner/src/start.ts', freePorts, [], ['--logs']);
    await urlsOf(start.output);
    const listening = () => start.output().match(/"service":"\w+".*"msg":"listening"/g);
    await expect.poll(listening).toHaveLength(2);
    expect(start.output()).not.toContain('Logs:');
  });

  test('another program on the same port of ::1 is noticed', async () => {
    const other = createServer((socket) => socket.destroy());
    await once(other.listen(0, '::1'), 'listening');
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    const start = spawnScript('runner/src/start.ts', { ...freePorts, GREETER_PORT: String(port) });
    const sentence = `Another program answers on [::1]:${port}, on a Mac usually AirPlay Receiver: use 127.0.0.1 and not localhost, or set GREETER_PORT to another port.\n`;
    await expect.poll(start.output, { timeout: 20_000 }).toContain(sentence);
    expect(start.output().match(/Another program/g)).toHaveLength(1);
  });

  test('a service on every address of IPv6 does not take itself for another program', async () => {
    const start = spawnScript('runner/src/start.ts', { ...freePorts, EDGE_HOST: '::', GREETER_HOST: '::' });
    await urlsOf(start.output);
    start.signal('SIGTERM');
    await start.exited;
    expect(start.output()).not.toContain('Another program');
  });

  test('killed outright, it leaves no service behind', async () => {
    const start = spawnScript('runner/src/start.ts', freePorts);
    const urls = await urlsOf(start.output);
    start.signal('SIGKILL');
    await start.exited;
    for (const url of urls) {
      const gone = async () => {
        const error = await get(`${url}/hello`).catch((refused: { code?: string }) => refused.code);
        return error;
      };
      await expect.poll(gone).toBe('ECONNREFUSED');
    }
  });

  test.each(['GREETER_PORT', 'GREETER_OPS_PORT', 'EDGE_PORT', 'EDGE_OPS_PORT'])(
    '%s taken: one line with the cure, exit 1, nothing left',
    async (name) => {
      const port = await takenPort();
      const start = spawnScript('runner/src/start.ts', { ...freePorts, [name]: port, LOG_LEVEL: 'silent' });
      expect(await start.exited).toBe(1);
      const service = name.startsWith('EDGE') ? 'edge' : 'greeter';
      expect(start.output()).toBe(
        `${service}: ${name}=${port} is taken on 127.0.0.1: stop what listens there, or set ${name} to a free port\n`,
      );
    },
  );
});

// All kinds of mistakes: services/edge/test/config.test.ts.
describe('a wrong setting stops the process at once, naming it, its value, and what would do', () => {
  test.each([
    ['EDGE_PORT', 'http', 'EDGE_PORT="http" is not a port from 0 to 65535 (0: any free one); the default is 8080'],
    ['EDGE_HOST', '192.0.2.1', 'EDGE_HOST=192.0.2.1 cannot be used to listen (EADDRNOTAVAIL)'],
    ['GREETER_URL', 'http://me:s3cret@greeter', 'GREETER_URL="***" is not an origin (scheme, host and port only)'],
    ['EDGE_DEADLIN_MS', '5', 'EDGE_DEADLIN_MS is not a setting. Did you mean EDGE_DEADLINE_MS?'],
  ])('%s=%s', async (name, value, line) => {
    const edge = spawnEdge({ [name]: value });
    expect(await edge.exited).toBe(1);
    expect(edge.output()).toMatch(/^edge: [^\n]+\n$/);
    expect(edge.output()).toContain(line);
    expect(edge.output()).not.toContain('s3cret');
  });

  test('all mistakes at once, a line each', async () => {
    const greeter = spawnGreeter({ GREETER_PORT: 'x', GREETER_DEADLINE_MS: '-1' });
    expect(await greeter.exited).toBe(1);
    expect(greeter.output().trim().split('\n')).toHaveLength(2);
  });

  test('an empty variable counts as not set', async () => {
    const greeter = spawnGreeter({ GREETER_HOST: '', FAULTS: '' });
    expect((await greeter.listening).url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });
});
