import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import type { ExperimentResult } from '../result/result.ts';

/**
 * What was broken or requested differently in the two experiments. A difference between their figures would come from
 * that. The load and the variants may differ: other arrivals are compared unpaired, and other policies are what is
 * compared.
 * @returns `undefined` when there is no such difference
 */
export function differenceOfExperiments(a: ExperimentResult, b: ExperimentResult): string | undefined {
  const [left, right] = [askedOf(a), askedOf(b)];
  const name = (['method', 'mix'] as const).find((part) => !isDeepStrictEqual(left[part], right[part]));
  if (name === undefined) return undefined;
  return name === 'method' ? 'their methods, which are the faults, differ' : 'the requests of their mix differ';
}

/** As written in the file: defaults that a later version of the format adds are in neither. */
function askedOf({ experiment }: ExperimentResult): { readonly method: unknown; readonly mix: unknown } {
  const { method, load } = parse(experiment.text) as { method?: unknown; load?: { mix?: unknown } };
  return { method: method ?? [], mix: load?.mix };
}
