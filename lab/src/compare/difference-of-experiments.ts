import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import type { ExperimentResult } from '../result/result.ts';

/**
 * What was broken, or asked, otherwise in the one than in the other: a difference between their figures would be of that.
 * Load and variants may differ: other arrivals are compared unpaired, and other policies are what is compared.
 * @returns `undefined` where nothing was
 */
export function differenceOfExperiments(a: ExperimentResult, b: ExperimentResult): string | undefined {
  const [left, right] = [askedOf(a), askedOf(b)];
  const name = (['method', 'mix'] as const).find((part) => !isDeepStrictEqual(left[part], right[part]));
  if (name === undefined) return undefined;
  return name === 'method' ? 'their methods, which are the faults, differ' : 'the requests of their mix differ';
}

/** As it was written: what a later version of the form would add by default is not in either. */
function askedOf({ experiment }: ExperimentResult): { readonly method: unknown; readonly mix: unknown } {
  const { method, load } = parse(experiment.text) as { method?: unknown; load?: { mix?: unknown } };
  return { method: method ?? [], mix: load?.mix };
}
