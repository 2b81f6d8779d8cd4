import type { Mistake } from '../experiment/cross-checks.ts';
import type { Experiment, Method } from '../experiment/format.ts';
import { SIMULATED_TOXICS } from './simulated-wire.ts';

/** The settings that the simulation follows. */
const SIMULATED_SETTINGS = {
  edge: /^(EDGE_(DEADLINE_MS|MAX_IN_PROGRESS|MAX_QUEUED)|GREETER_CALL_\w+)$/,
  greeter: /^GREETER_(DEADLINE_MS|MAX_IN_PROGRESS|MAX_QUEUED)$/,
} as const;

const SIMULATED_HEADER = /^x-deadline-ms$/i;

/** What an experiment asks for and the simulation does not have. Each is named, because ignoring one would change the experiment. */
export function refusals({ variants, load, method, abortWhen }: Experiment): Mistake[] {
  return [
    ...Object.entries(variants).flatMap(([name, variant]) =>
      (['edge', 'greeter'] as const).flatMap((part) =>
        Object.keys(variant[part])
          .filter((variable) => !SIMULATED_SETTINGS[part].test(variable))
          .map((key) => ({
            path: ['variants', name, part],
            key,
            message: 'cannot be simulated: it sets something that a simulated service does not have',
          })),
      ),
    ),
    ...load.mix.flatMap((entry, index) => ofRequest(entry, ['load', 'mix', index])),
    ...method.flatMap((one, index) => ofMethod(one, ['method', index])),
    ...(abortWhen?.edgeRssBytes === undefined
      ? []
      : [
          {
            path: ['abortWhen', 'edgeRssBytes'],
            message: 'cannot be simulated: a simulated edge has no memory of its own, so this limit would stop nothing',
          },
        ]),
  ];
}

function ofRequest(entry: Experiment['load']['mix'][number], path: Mistake['path']): Mistake[] {
  const mistakes: Mistake[] = [];
  if (entry.method !== 'GET') {
    mistakes.push({ path: [...path, 'method'], message: 'cannot be simulated: the simulated edge only answers GET' });
  }
  if (!/^\/hello(\?|$)/.test(entry.path)) {
    mistakes.push({ path: [...path, 'path'], message: 'cannot be simulated: the simulated edge only has /hello' });
  }
  for (const key of Object.keys(entry.headers)) {
    if (SIMULATED_HEADER.test(key)) continue;
    const message = 'cannot be simulated: of all headers, the simulated edge only reads x-deadline-ms';
    mistakes.push({ path: [...path, 'headers'], key, message });
  }
  return mistakes;
}

function ofMethod(one: Method, path: Mistake['path']): Mistake[] {
  if (one.layer === 'plan') {
    return one.faults.flatMap((fault, index) =>
      (['cpu', 'leak', 'notReady'] as const)
        .filter((effect) => fault[effect] !== undefined)
        .map((key) => ({
          path: [...path, 'faults', index],
          key,
          message: 'cannot be simulated: a simulated greeter has no processor, memory or readiness of its own',
        })),
    );
  }
  if (one.layer === 'process') return [];
  const simulated: readonly string[] = SIMULATED_TOXICS;
  return [
    ...(one.proxy === undefined
      ? []
      : [
          {
            path: [...path, 'proxy'],
            message: 'cannot be simulated: the simulated proxies have no names. Leave it out',
          },
        ]),
    ...one.toxics.flatMap((toxic, index): Mistake[] => [
      ...(simulated.includes(toxic.type)
        ? []
        : [
            {
              path: [...path, 'toxics', index, 'type'],
              message: `cannot be simulated: of all toxics, the simulated wire has ${simulated.join(', ')}`,
            },
          ]),
      ...(toxic.toxicity === 1
        ? []
        : [
            {
              path: [...path, 'toxics', index, 'toxicity'],
              message:
                'cannot be simulated below 1: it is decided for each connection, and the simulation does not tell them apart',
            },
          ]),
    ]),
  ];
}
