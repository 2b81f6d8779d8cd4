import { contradictionsOfPlan } from '@halfopen/faults';
import { greeterContract } from '@halfopen/greetings';
import { environmentMistake } from './environment.ts';
import { knowsBody } from './expectation.ts';
import type { Experiment, Method } from './format.ts';
import { endOf, type Span, spanOf } from './phases.ts';

/** A mistake, and the member that it is in. */
export interface Mistake {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/**
 * Checks what no member can check alone: names that must exist, times that must lie within the phases.
 * @param loadIsRight whether the phases are valid, so that times can be checked against them
 */
export function crossChecks(experiment: Experiment, loadIsRight: boolean): Mistake[] {
  if (!loadIsRight) return ofVariants(experiment);
  return [...ofVariants(experiment), ...ofLoad(experiment), ...ofMethod(experiment), ...ofHypothesis(experiment)];
}

function ofVariants({ variants }: Experiment): Mistake[] {
  return Object.entries(variants).flatMap(([name, variant]) =>
    (['edge', 'greeter'] as const).flatMap((part) =>
      Object.entries(variant[part]).flatMap(([variable, value]) => {
        const message = environmentMistake(part, variable, value);
        return message === undefined ? [] : [{ path: ['variants', name, part, variable], message }];
      }),
    ),
  );
}

function ofLoad({ load }: Experiment): Mistake[] {
  const endS = endOf(load.phases);
  return load.ramps.flatMap(({ atS }, index) => {
    const path = ['load', 'ramps', index, 'atS'];
    const previous = load.ramps[index - 1]?.atS ?? 0;
    if (atS < previous) return [{ path, message: `comes before the point above (${previous} s)` }];
    return atS > endS ? [{ path, message: `is after the end (${endS} s)` }] : [];
  });
}

function ofMethod({ method, load, variants }: Experiment): Mistake[] {
  const endS = endOf(load.phases);
  return method.flatMap((fault, index) => {
    const at = (message: string, member: string) => ({ path: ['method', index, member], message });
    const mistakes: Mistake[] = contradictionsIn(fault).map(({ path, message }) => ({
      path: ['method', index, ...path],
      message,
    }));
    if (fault.phase !== undefined && fault.atS !== undefined)
      mistakes.push(at('has phase and atS: only one of them is allowed', 'atS'));
    if (fault.untilS !== undefined && fault.atS === undefined) mistakes.push(at('needs atS', 'untilS'));
    const { fromS, toS } = spanOf(fault, load.phases);
    if (toS <= fromS) mistakes.push(at(`must be later than atS (${fromS} s)`, 'untilS'));
    if (toS > endS) mistakes.push(at(`is after the end (${endS} s)`, 'untilS'));
    if (fault.layer !== 'wire' && fault.replica !== undefined) {
      const { replica } = fault;
      const without = Object.entries(variants).filter(([, { replicas }]) => replica > replicas);
      const have = without.map(([name, { replicas }]) => `${name}, which has ${replicas}`).join(', and in ');
      if (without.length > 0) mistakes.push(at(`does not exist in variant ${have}`, 'replica'));
    }
    const clash = method.slice(0, index).find((other) => clashes(fault, other, load));
    if (clash !== undefined) {
      mistakes.push(
        at(
          fault.layer === 'plan'
            ? 'has an id that another fault has at the same time'
            : 'is paused or killed by another fault at the same time',
          fault.layer === 'plan' ? 'faults' : 'replica',
        ),
      );
    }
    return mistakes;
  });
}

/** Why the greeter would refuse the plan. */
function contradictionsIn(fault: Method): Mistake[] {
  if (fault.layer !== 'plan') return [];
  const operations = Object.values(greeterContract.operations).map(({ name }) => name);
  return contradictionsOfPlan({ faults: fault.faults }, { operations, mayExit: true }) as Mistake[];
}

/**
 * Whether two faults cannot be active at the same time: a plan has each id only once, and a process can only be stopped
 * once.
 */
function clashes(a: Method, b: Method, load: Experiment['load']): boolean {
  if (!overlap(spanOf(a, load.phases), spanOf(b, load.phases))) return false;
  if (a.layer === 'process' && b.layer === 'process') return a.replica === b.replica;
  if (a.layer !== 'plan' || b.layer !== 'plan') return false;
  if (a.replica !== undefined && b.replica !== undefined && a.replica !== b.replica) return false;
  const ids = new Set(b.faults.map(({ id }) => id));
  return a.faults.some(({ id }) => ids.has(id));
}

function overlap(a: Span, b: Span): boolean {
  return a.fromS < b.toS && b.fromS < a.toS;
}

function ofHypothesis({ hypothesis, variants, load }: Experiment): Mistake[] {
  const names = Object.keys(variants);
  const unknown = `is not a variant: ${names.join(', ')}`;
  const uncheckable = load.mix.findIndex(({ expect }) => !knowsBody(expect));
  return hypothesis.flatMap(({ variant, minus, metric, phase, atLeast, atMost }, index) => {
    const at = (member: string, message: string) => ({ path: ['hypothesis', index, member], message });
    const mistakes: Mistake[] = [];
    if (!names.includes(variant)) mistakes.push(at('variant', unknown));
    if (minus !== undefined && !names.includes(minus)) mistakes.push(at('minus', unknown));
    if (minus === variant) mistakes.push(at('minus', 'must be another variant'));
    if (metric === 'recoveryMs' && phase !== 'after')
      mistakes.push(at('phase', 'must be after: recovery is what happens then'));
    if (metric === 'recoveryMs' && minus === undefined && atMost !== undefined && atMost + 1_000 > load.afterS * 1_000)
      mistakes.push(
        at('atMost', `needs a phase after that is at least a second longer than this: load.afterS is ${load.afterS}`),
      );
    if (metric === 'wrong' && uncheckable >= 0) {
      mistakes.push(
        at('metric', `cannot be seen: load.mix[${uncheckable}] does not say in expect what a right answer is`),
      );
    }
    if (atLeast !== undefined && atMost !== undefined && atLeast > atMost) {
      mistakes.push(at('atLeast', `must not be above atMost (${atMost})`));
    }
    return mistakes;
  });
}
