/** `pnpm faults …`: the processes of `pnpm start`, broken and mended, and the proxy alone. */
import { Toxiproxy } from 'toxiproxy-node-client';
import { describe, expect, test } from 'vitest';
import { type ServiceProcess, spawnScript } from '../harness/process.ts';
import { get } from '../harness/system.ts';
import { dial } from '../harness/wire.ts';

const freePorts = { EDGE_PORT: '0', EDGE_OPS_PORT: '0', GREETER_PORT: '0', GREETER_OPS_PORT: '0', LOG_LEVEL: 'fatal' };

async function faults(...args: string[]): Promise<{ readonly code: unknown; readonly output: string }> {
  const command = spawnScript('runner/src/faults.ts', {}, [], args);
  const code = await command.exited;
  return { code, output: command.output().trim() };
}

/** A running `pnpm start`, and `pnpm faults` for it alone: a developer's own may run beside it. */
async function startBoth() {
  const start = spawnScript('runner/src/start.ts', freePorts);
  await expect.poll(start.output, { timeout: 20_000 }).toContain('Stop: Ctrl-C');
  const [, url = ''] = /Try: {2}curl '([^']+)'/.exec(start.output()) ?? [];
  const pid = String(start.pid);
  return {
    start,
    pid,
    hello: () => get(url),
    faults: (...args: string[]) => faults(...args, '--pid', pid),
    greeterPid: async () => Number(/greeter +\w+ +pid (\d+)/.exec((await faults('status', '--pid', pid)).output)?.[1]),
  };
}

/** Whether a process exists; a zombie that nobody has waited for does not count. */
function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('the processes of pnpm start', { timeout: 60_000 }, () => {
  test('pause and resume: silence, then answers, from the same process', async () => {
    const { faults: break_, hello, greeterPid } = await startBoth();
    const pid = await greeterPid();
    expect(await break_('pause', 'greeter')).toEqual({ code: 0, output: `greeter is paused (pid ${pid})` });
    // Out of time, or out of retries.
    expect([503, 504]).toContain((await hello()).status);
    expect((await break_('status')).output).toMatch(/greeter +paused +pid \d+/);
    expect(await break_('pause', 'greeter')).toEqual({ code: 1, output: 'faults: greeter is paused already' });
    expect(await break_('resume', 'greeter')).toEqual({ code: 0, output: `greeter goes on (pid ${pid})` });
    await expect.poll(async () => (await hello()).status, { timeout: 10_000 }).toBe(200);
    expect(await break_('resume', 'greeter')).toEqual({ code: 1, output: 'faults: greeter is not paused' });
  });

  test('kill and start: the edge lives on, and finds the greeter where it was', async () => {
    const { start, faults: break_, hello, greeterPid } = await startBoth();
    const pid = await greeterPid();
    expect(await break_('kill', 'greeter')).toEqual({ code: 0, output: `greeter is killed (it was pid ${pid})` });
    expect(exists(pid)).toBe(false);
    expect((await hello()).status).toBe(503);
    expect(await break_('kill', 'greeter')).toMatchObject({ code: 1, output: expect.stringContaining('does not run') });
    const started = await break_('start', 'greeter');
    expect(started).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^greeter listens on http.* \(pid \d+\)$/),
    });
    await expect.poll(async () => (await hello()).status, { timeout: 10_000 }).toBe(200);
    const restarted = await break_('restart', 'greeter');
    expect(restarted).toMatchObject({ code: 0, output: expect.stringContaining('again (pid ') });
    await expect.poll(async () => (await hello()).status, { timeout: 10_000 }).toBe(200);
    expect(start.output()).not.toContain('has died');
  });

  test('a service that dies by itself leaves the other one running, and can be started again', async () => {
    const { start, faults: break_, hello, greeterPid } = await startBoth();
    process.kill(await greeterPid(), 'SIGKILL');
    const line = /^greeter has died \(SIGKILL\): see \S+\*\.log\. It starts again with: pnpm faults start greeter$/m;
    await expect.poll(start.output, { timeout: 5_000 }).toMatch(line);
    expect((await hello()).status).toBe(503);
    expect((await break_('start', 'greeter')).code).toBe(0);
    await expect.poll(async () => (await hello()).status, { timeout: 10_000 }).toBe(200);
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'a paused service does not outlive a pnpm start that gets %s',
    async (signal) => {
      const { start, faults: break_, greeterPid } = await startBoth();
      const pid = await greeterPid();
      await break_('pause', 'greeter');
      start.signal(signal);
      expect(await start.exited).toBe(signal === 'SIGTERM' ? 0 : 'SIGKILL');
      await expect.poll(() => exists(pid), { timeout: 10_000 }).toBe(false);
    },
  );

  test('what it cannot do, it says', async () => {
    const { faults: break_, pid } = await startBoth();
    const refused = async (...args: string[]) => {
      const { code, output } = await break_(...args);
      expect(code).toBe(1);
      return output;
    };
    expect(await refused('kill', 'grater')).toBe(
      `faults: pnpm start (pid ${pid}) runs no grater; it runs greeter and edge`,
    );
    expect(await refused('isolate', 'greeter')).toContain('share the loopback interface');
    expect(await refused('rejoin', 'greeter')).toContain('nothing to rejoin');
    expect(await refused('scale', 'greeter', '3')).toContain('there is one greeter');
    expect(await refused('scale', 'greeter', 'many')).toContain('"many" is not a number of replicas');
    expect(await refused('kill')).toContain("missing required argument 'service'");
    expect(await faults('kill', 'greeter', '--pid', '1')).toEqual({
      code: 1,
      output: 'faults: no `pnpm start` of this repository has pid 1',
    });
    const second = await startBoth();
    expect(await faults('status', '--on', 'start')).toEqual({
      code: 1,
      output: expect.stringMatching(/^faults: more than one system runs: .*; --pid says which `pnpm start`$/),
    });
    second.start.signal('SIGTERM');
    await second.start.exited;
  });

  test('a pnpm start that was killed is not taken for a running one', async () => {
    const { start, faults: break_ } = await startBoth();
    start.signal('SIGKILL');
    await start.exited;
    expect((await break_('status')).output).toMatch(/^faults: no `pnpm start` of this repository has pid \d+$/);
  });
});

describe('pnpm faults proxy', () => {
  const proxy = (...args: string[]): ServiceProcess => spawnScript('runner/src/faults.ts', {}, [], ['proxy', ...args]);

  test('says where it is and what to try, and ends within a second of Ctrl-C, live connections and all', async () => {
    const { signal, output, exited } = proxy(
      '--listen',
      '127.0.0.1:0',
      '--seed',
      '7',
      '--proxy',
      'a=127.0.0.1:0>127.0.0.1:1',
    );
    await expect.poll(output, { timeout: 10_000 }).toContain('Stop: Ctrl-C');
    const [, url = '', seed] = /^The wire can be broken at (\S+), seed (\d+)\.$/m.exec(output()) ?? [];
    expect(seed).toBe('7');
    const { a } = await new Toxiproxy(url).getAll();
    expect(output()).toContain(`Proxy a: ${a?.listen} > 127.0.0.1:1\n`);
    const [, path = '', body] = /^Try: {2}curl http:\/\/[^/]+(\S+) -d '(.+)'$/m.exec(output()) ?? [];
    const answer = await fetch(url + path, { method: 'POST', body: body ?? '' });
    expect(answer.status).toBe(200);
    // To the API itself, through the proxy: a connection that would live on.
    const self = { name: 'self', listen: '127.0.0.1:0', upstream: new URL(url).host };
    await dial((await new Toxiproxy(url).createProxy(self)).listen);
    const startedAt = performance.now();
    signal('SIGINT');
    expect(await exited).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  test.each([
    [['--seed', 'x'], "option '--seed <number>' argument 'x' is invalid. it must be a whole number"],
    [['--listen', 'nowhere'], '--listen nowhere: bad request body: listen: "nowhere" is not host:port'],
    [['--proxy', 'a=b'], "argument 'a=b' is invalid. it must be name=listen>upstream"],
    [['--listen', '127.0.0.1:0', '--proxy', 'a=:0>b'], '--proxy: bad request body: upstream: "b" is not host:port'],
  ])('%j is refused in a line', async (args, line) => {
    const { exited, output } = proxy(...args);
    expect(await exited).toBe(1);
    expect(output()).toContain(line);
  });
});
