import { freePort, freePorts } from '@halfopen/runner';
import { CONTENDERS, type Contender, edge } from './contenders.ts';
import type { Expected } from './load/closed-loop.ts';
import { type Generator, startGenerator } from './load/generator-process.ts';
import { type Running, start } from './start.ts';

/** Someone who makes the hop, running. */
export interface Entrant {
  readonly name: string;
  readonly process: Running;
  readonly expected: Expected;
}

/** Everything that runs beside those who are measured. */
export interface Bed {
  /** One process with greeters of ours on several ports, the same for everybody. They write no log. */
  readonly greeters: readonly string[];
  /** The address of a collector that forgets. */
  readonly spans: string;
  /** A greeter that always answers 503. */
  readonly failing: string;
  readonly generator: Generator;
  /** The processes behind the three addresses. */
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

/** As many greeters as the growth over endpoints needs. */
export const MOST_ENDPOINTS = 8;

/** The right answer. */
export const RIGHT: Expected = { status: 200, text: '{"message":"Hello, John!"}' };

export async function startBed(): Promise<Bed> {
  const [sinkPort, failingPort, ...ports] = (await freePorts(MOST_ENDPOINTS + 2)) as [number, number, ...number[]];
  const processes = await Promise.all([
    start(
      {
        script: 'bench/src/processes/greeters.ts',
        // More in progress than any number of connections that is tried.
        env: { GREETER_PORTS: ports.join(), LOG_LEVEL: 'silent', GREETER_MAX_IN_PROGRESS: '1000' },
      },
      ports[0] as number,
    ),
    start({ script: 'bench/src/processes/span-sink.ts', env: { SINK_PORT: String(sinkPort) } }, sinkPort),
    start(
      { script: 'bench/src/processes/failing-greeter.ts', env: { GREETER_PORTS: String(failingPort) } },
      failingPort,
      503,
    ),
  ]);
  const generator = startGenerator();
  return {
    greeters: ports.map((port) => `http://127.0.0.1:${port}`),
    spans: `http://127.0.0.1:${sinkPort}`,
    failing: `http://127.0.0.1:${failingPort}`,
    generator,
    pids: processes.map(({ pid }) => pid),
    async stop() {
      generator.stop();
      await Promise.all(processes.map((one) => one.stop()));
    },
  };
}

/** @returns `undefined` where it is not installed */
export async function enter(contender: Contender, { greeters, spans }: Bed): Promise<Entrant | undefined> {
  const port = await freePort();
  const how = contender.start(greeters[0] as string, port, spans);
  return how === undefined ? undefined : { name: contender.name, process: await start(how, port), expected: RIGHT };
}

/**
 * A contender whose greeter always fails.
 * @param text stands in its answers once it refuses to ask
 */
export async function enterFailing(name: string, text: string, { failing, spans }: Bed): Promise<Entrant> {
  const port = await freePort();
  const how = CONTENDERS.find((one) => one.name === name)?.start(failing, port, spans);
  if (how === undefined) throw new Error(`there is no ${name} here`);
  return { name: `${name} refusing`, process: await start(how, port, 503), expected: { status: 503, text } };
}

/** Our edge with settings, and with more than one greeter. */
export async function enterEdge(
  name: string,
  greeters: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Entrant> {
  const port = await freePort();
  return { name, process: await start(edge(greeters.join(), port, env), port), expected: RIGHT };
}
