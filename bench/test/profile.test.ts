import { expect, it } from 'vitest';
import { type CpuProfile, sharesOf } from '../src/profile.ts';

const node = (id: number, functionName: string, url: string, children: number[] = []) => ({
  id,
  callFrame: { functionName, url },
  children,
});

/** The main thread of a process that spends a millisecond in each node, in order, from the moment 1,000 on. */
function spentIn(...nodes: CpuProfile['nodes']): CpuProfile {
  const called = new Set(nodes.flatMap(({ children = [] }) => children));
  const roots = nodes.map(({ id }) => id).filter((id) => !called.has(id));
  return {
    nodes: [node(0, '(root)', '', roots), ...nodes],
    startTime: 1_000,
    samples: nodes.map(({ id }) => id),
    timeDeltas: nodes.map(() => 1_000),
  };
}

const shares = (recorded: CpuProfile, fromUs = 0, toUs = Number.POSITIVE_INFINITY) =>
  Object.fromEntries(sharesOf(recorded, fromUs, toUs).map(({ what, share }) => [what, share]));

it('names the library, the package of ours, or Node', () => {
  const recorded = spentIn(
    node(1, 'request', 'file:///a/node_modules/.pnpm/axios@1.2.3/node_modules/axios/lib/core/Axios.js'),
    node(2, 'context', 'file:///a/node_modules/.pnpm/x@1/node_modules/@opentelemetry/api/build/a.js'),
    node(3, 'retry', 'file:///a/packages/resilience/src/retry.ts'),
    node(4, 'emit', 'node:events'),
  );
  expect(shares(recorded)).toEqual({
    axios: 0.25,
    '@opentelemetry/api': 0.25,
    '@halfopen/resilience': 0.25,
    'Node.js': 0.25,
  });
});

it('counts native code for its caller, and what writes for the library on whose behalf', () => {
  const recorded = spentIn(
    node(1, 'send', 'file:///a/node_modules/undici/lib/client-h1.js', [2, 5]),
    node(2, 'write', 'node:internal/streams/writable', [3]),
    node(3, 'writeLatin1String', ''),
    node(4, '(garbage collector)', ''),
    node(5, 'push', ''),
  );
  expect(shares(recorded)).toEqual({
    undici: 0.4,
    'Node.js': 0.2,
    'writing, for undici': 0.2,
    'garbage collection': 0.2,
  });
});

it('leaves out what was before and after, and when nothing was to do', () => {
  const recorded = spentIn(
    node(1, 'start', 'file:///a/services/edge/src/main.ts'),
    node(2, 'request', 'file:///a/node_modules/axios/index.js'),
    node(3, '(idle)', ''),
    node(4, 'stop', 'node:events'),
  );
  expect(shares(recorded, 2_500, 4_500)).toEqual({ axios: 1 });
});
