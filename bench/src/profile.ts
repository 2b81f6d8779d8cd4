import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@halfopen/runner';
import { RIGHT, startBed } from './bed.ts';
import { edge } from './contenders.ts';
import { benchProvenance } from './provenance.ts';
import type { Profile } from './result.ts';
import { CONNECTIONS, SEED } from './run.ts';
import { folder, start } from './start.ts';

const WARM_UP_MS = 10_000;
const WINDOW_MS = 20_000;
/** Finer than the profiler's usual millisecond: a request is over in a third of that. */
const SAMPLE_EVERY_US = 200;

/** Where the CPU of our edge goes under the closed loop, everything on: shares of the time in which its main thread was busy. */
export async function measureProfile(command: string, say: (line: string) => void): Promise<Profile> {
  const provenance = benchProvenance(command, SEED);
  const bed = await startBed();
  try {
    const port = await freePort();
    const [greeter = ''] = bed.greeters;
    const profiler = ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-interval=${SAMPLE_EVERY_US}`];
    const ours = await start(edge(greeter, port, {}, undefined, profiler), port);
    const { url, pid } = ours;
    const task = { url, pid, beside: bed.pids, connections: CONNECTIONS, expected: RIGHT, settleMs: 0 };
    say('profile  warming up');
    await bed.generator.warmUp({ ...task, windowMs: WARM_UP_MS });
    say(`profile  ${WINDOW_MS / 1_000} s of load`);
    const fromUs = nowUs();
    const { requests } = await bed.generator.measure({ ...task, windowMs: WINDOW_MS });
    const toUs = nowUs();
    await ours.end();
    const [file] = readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'));
    if (file === undefined) throw new Error(`Node has left no profile in ${folder}`);
    const recorded = JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile;
    return { provenance, requests, shares: sharesOf(recorded, fromUs, toUs) };
  } finally {
    await bed.stop();
  }
}

/** The clock of the profiler: the system's monotonic one. */
function nowUs(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

/** What `--cpu-prof` writes (Chrome DevTools Protocol, `Profiler.Profile`). */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly startTime: number;
  /** The node that was running, at each sample. */
  readonly samples: readonly number[];
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
}

const IDLE = '(idle)';
/** What V8 does for nobody in particular. */
const ENGINE: Readonly<Record<string, string>> = {
  '(garbage collector)': 'garbage collection',
  '(program)': 'Node, outside of JavaScript',
};
/** Functions of Node in C++ that hand bytes to the system. */
const WRITE = /^(write|shutdown)/;

/** @returns by whose code the time between two moments was spent, as shares of all that was not idle, largest first */
export function sharesOf({ nodes, startTime, samples, timeDeltas }: CpuProfile, fromUs: number, toUs: number) {
  const whoseNode = ownersOf(nodes);
  const spentUs = new Map<string, number>();
  let atUs = startTime;
  let busyUs = 0;
  for (const [index, id] of samples.entries()) {
    const tookUs = timeDeltas[index] ?? 0;
    atUs += tookUs;
    const whose = whoseNode.get(id) ?? IDLE;
    if (atUs < fromUs || atUs > toUs || whose === IDLE) continue;
    busyUs += tookUs;
    spentUs.set(whose, (spentUs.get(whose) ?? 0) + tookUs);
  }
  return [...spentUs].map(([what, us]) => ({ what, share: us / busyUs })).toSorted((a, b) => b.share - a.share);
}

/** Native code has no file: it counts for whoever has called it, what writes as writing for that one. */
function ownersOf(nodes: readonly ProfileNode[]): ReadonlyMap<number, string> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const owners = new Map<number, string>();
  const visit = (node: ProfileNode, caller: string, packageOfCaller: string): void => {
    const { functionName, url } = node.callFrame;
    const own = url === '' ? undefined : moduleOf(url);
    const inPackage = own === undefined || own === NODE ? packageOfCaller : own;
    const native = WRITE.test(functionName) ? `writing, for ${inPackage}` : caller;
    owners.set(node.id, functionName === IDLE ? IDLE : (ENGINE[functionName] ?? own ?? native));
    for (const id of node.children ?? []) {
      const child = byId.get(id);
      if (child !== undefined) visit(child, own ?? caller, inPackage);
    }
  };
  const [root] = nodes;
  if (root !== undefined) visit(root, ENGINE['(program)'] ?? '', NODE);
  return owners;
}

const NODE = 'Node.js';

function moduleOf(url: string): string {
  if (url.startsWith('node:')) return NODE;
  // The last one: with pnpm a package's own folder lies within another `node_modules`.
  const [, library] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
  if (library !== undefined) return library;
  const [, ours] = /(?:packages|services)\/([^/]+)\/src\//.exec(url) ?? [];
  return ours === undefined ? url : `@halfopen/${ours}`;
}
