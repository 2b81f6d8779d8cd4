import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@halfopen/runner';
import { describe, expect, onTestFinished, test } from 'vitest';
import { timed } from '../harness/machine-lateness.ts';
import { get } from '../harness/system.ts';

const FREE_PORTS = {
  PATH: process.env.PATH,
  EDGE_PORT: '0',
  EDGE_OPS_PORT: '0',
  GREETER_PORT: '0',
  GREETER_OPS_PORT: '0',
};

const ENTRIES = {
  wire: fileURLToPath(new URL('../../services/wire/src/main.ts', import.meta.url)),
  edge: fileURLToPath(new URL('../../services/edge/src/main.ts', import.meta.url)),
  greeter: fileURLToPath(new URL('../../services/greeter/src/main.ts', import.meta.url)),
};

/** A FIFO, with a reader of ours that reads only when it is told to. */
function fifo() {
  const folder = mkdtempSync(join(tmpdir(), 'log-reader-'));
  const path = join(folder, 'log');
  execFileSync('mkfifo', [path]);
  // Non-blocking, or this would wait for the writer.
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY);
  let open = true;
  const leave = () => {
    if (open) closeSync(reader);
    open = false;
  };
  onTestFinished(() => {
    leave();
    rmSync(folder, { recursive: true });
  });
  let text = '';
  const buffer = Buffer.alloc(65_536);
  const read = (): string => {
    try {
      for (let count = 1; count > 0; ) {
        count = readSync(reader, buffer);
        text += buffer.toString('utf8', 0, count);
      }
    } catch {
      // Nothing there yet.
    }
    return text;
  };
  return { writer, read, leave };
}

interface Started {
  readonly child: ChildProcess;
  readonly url: string;
  readonly opsUrl: string;
  /** How it ended, and how long after the signal, without the delay that the machine added. */
  readonly end: (signal: NodeJS.Signals) => Promise<{ code: number | null; ownMs: number }>;
}

/** A service that writes its log into `writer`. */
async function start(name: 'edge' | 'greeter', writer: number): Promise<Started> {
  const child = spawn(process.execPath, [ENTRIES[name]], {
    stdio: ['ignore', writer, 'inherit', 'ipc'],
    env: { ...FREE_PORTS, FAULTS: 'on', GREETER_URL: 'http://127.0.0.1:1' },
  });
  closeSync(writer);
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const exited = once(child, 'exit');
  const [{ url, opsUrl }] = (await once(child, 'message')) as [{ url: string; opsUrl: string }];
  return {
    child,
    url,
    opsUrl,
    end: async (signal) => {
      const { answer, ownMs } = await timed(() => {
        child.kill(signal);
        return exited;
      });
      return { code: answer[0], ownMs };
    },
  };
}

const call = async (url: string, times: number) => {
  for (let n = 0; n < times; n++) expect((await get(`${url}/hello`)).status).toBe(200);
};

describe('no reader of the log holds up the process', () => {
  test('a reader that stalls: every call is answered, and SIGTERM ends the process', async () => {
    const { writer } = fifo();
    const greeter = await start('greeter', writer);
    // 64 KiB of log are a pipe full.
    await call(greeter.url, 500);
    expect(await greeter.end('SIGTERM')).toMatchObject({ code: 0, ownMs: expect.toSatisfy((ms) => ms < 10_000) });
  });

  test('a reader that is gone: SIGINT ends the process, as Ctrl-C on `node src/main.ts | tee` does', async () => {
    const { writer, leave } = fifo();
    const greeter = await start('greeter', writer);
    leave();
    expect((await greeter.end('SIGINT')).code).toBe(0);
  });

  test('a reader that is gone, with calls and a second signal', async () => {
    const { writer, leave } = fifo();
    const edge = await start('edge', writer);
    leave();
    expect((await get(`${edge.url}/hello`)).status).toBe(503);
    expect((await edge.end('SIGTERM')).code).toBe(0);
  });

  test('a crash ends the process although the reader stalls', async () => {
    const { writer } = fifo();
    const greeter = await start('greeter', writer);
    await call(greeter.url, 500);
    const exited = once(greeter.child, 'exit');
    await fetch(`${greeter.url}/hello`, { headers: { 'x-fault': 'exit' } }).catch(() => undefined);
    expect(await exited).toEqual([70, null]);
    await expect(fetch(`${greeter.opsUrl}/livez`)).rejects.toThrow('fetch failed');
  });

  test('lines that were dropped are counted, and reported in their place when the reader is back', async () => {
    const { writer, read } = fifo();
    const greeter = await start('greeter', writer);
    const target = `${greeter.url}/hello`;
    const droppedNow = async () =>
      Number(/^log_lines_dropped_total (\d+)$/m.exec((await get(`${greeter.opsUrl}/metrics`)).text)?.[1]);
    for (let n = 0; n < 40 && (await droppedNow()) === 0; n++) {
      await Promise.all(Array.from({ length: 200 }, () => fetch(target).then((answer) => answer.text())));
    }
    const dropped = await droppedNow();
    expect(dropped).toBeGreaterThan(0);
    const gap = () =>
      read()
        .split('\n')
        .filter((line) => line.includes('log lines were dropped'))
        .map((line) => JSON.parse(line));
    await expect.poll(gap).toHaveLength(1);
    expect(gap()[0]).toMatchObject({ level: 'warn', service: 'greeter', lines: dropped });
    await call(greeter.url, 1);
    const { code } = await greeter.end('SIGTERM');
    expect(code).toBe(0);
    const lines = read()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    expect(lines.at(-1)).toMatchObject({ msg: 'stopped' });
    // In order, none torn: each line is JSON, and no line is older than the one before it.
    const times = lines.map(({ time }) => Date.parse(time));
    const gapAt = lines.findIndex(({ msg }) => String(msg).startsWith('log lines were dropped'));
    expect(times.slice(0, gapAt)).toEqual(times.slice(0, gapAt).toSorted((a, b) => a - b));
    expect(times.slice(gapAt + 1)).toEqual(times.slice(gapAt + 1).toSorted((a, b) => a - b));
  });
});

test('the wire ends although nobody reads what it says', async () => {
  const { writer, leave } = fifo();
  const listen = `127.0.0.1:${await freePort()}`;
  const child = spawn(process.execPath, [ENTRIES.wire, '--listen', listen], {
    stdio: ['ignore', writer, 'inherit'],
    env: FREE_PORTS,
  });
  closeSync(writer);
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const exited = once(child, 'exit');
  leave();
  // By then it has met the closed pipe.
  await expect
    .poll(
      () =>
        fetch(`http://${listen}/version`).then(
          ({ ok }) => ok,
          () => false,
        ),
      { timeout: 20_000 },
    )
    .toBe(true);
  expect(child.exitCode).toBeNull();
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
});

describe('signals count from the first instant', () => {
  test.each([
    ['greeter', './app.ts', 'SIGTERM'],
    ['greeter', './app.ts', 'SIGINT'],
    ['edge', './app.ts', 'SIGTERM'],
    ['wire', './command.ts', 'SIGTERM'],
  ] as const)('%s ends at once while %s loads: %s', async (name, module, signal) => {
    // While modules load, the event loop hardly turns: here it does not turn at all, and a handler would never run.
    const hook = `data:text/javascript,${encodeURIComponent(`
      import { registerHooks } from 'node:module';
      registerHooks({
        resolve(specifier, context, next) {
          if (specifier === '${module}') {
            process.kill(process.pid, '${signal}');
            Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
          }
          return next(specifier, context);
        },
      });`)}`;
    const child = spawn(process.execPath, ['--import', hook, ENTRIES[name]], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: FREE_PORTS,
    });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    expect(await once(child, 'exit')).toEqual([null, signal]);
  });
});
