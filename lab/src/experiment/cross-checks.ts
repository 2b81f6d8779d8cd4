import { contradictionsOfPlan } from '@halfopen/faults';
import { greeterContract } from '@halfopen/greetings';
import { boundMistake } from './bounds.ts';
import { nameMistake, valueMistake } from './environment.ts';
import { knowsBody } from './expectation.ts';
import { endOf, type Span, spanOf } from './phases.ts';
import type { RightFault, RightParts } from './right-parts.ts';
import { choice } from './voice.ts';

/** A mistake, and the member that it is in. */
export interface Mistake {
  readonly path: readonly (string | number)[];
  /** The name in the map at `path` that is wrong, whatever its value. */
  readonly key?: string;
  readonly message: string;
}

/**
 * Checks what no member can check alone: names that must exist, times that must lie within the phases. Each check looks at the parts that
 * are right, whatever else is wrong.
 */
export function crossChecks(parts: RightParts): Mistake[] {
  return [...ofVariants(parts), ...ofLoad(parts), ...ofMethod(parts), ...ofHypothesis(parts)];
}

function ofVariants({ variants }: RightParts): Mistake[] {
  return variants.flatMap((variant) =>
    (['edge', 'greeter'] as const).flatMap((part) =>
      Object.entries(variant[part]).flatMap(([variable, value]) => {
        const path = ['variants', variant.name, part];
        const ofName = nameMistake(part, variable);
        if (ofName !== undefined) return [{ path, key: variable, message: ofName }];
        const ofValue = valueMistake(part, variable, value);
        return ofValue === undefined ? [] : [{ path: [...path, variable], message: ofValue }];
      }),
    ),
  );
}

function ofLoad({ load: { ramps = [] }, phases }: RightParts): Mistake[] {
  if (phases === undefined) return [];
  const endS = endOf(phases);
  return ramps.flatMap(({ atS }, index) => {
    const path = ['load', 'ramps', index, 'atS'];
    const previous = ramps[index - 1]?.atS ?? 0;
    if (atS < previous) return [{ path, message: `comes before the point above (${previous} s)` }];
    return atS > endS ? [{ path, message: `is after the end (${endS} s)` }] : [];
  });
}

function ofMethod({ method, phases, variants }: RightParts): Mistake[] {
  return method.flatMap((fault, index) => {
    const at = (message: string, member: string) => ({ path: ['method', index, member], message });
    const mistakes: Mistake[] = contradictionsIn(fault).map(({ path, message }) => ({
      path: ['method', index, ...path],
      message,
    }));
    if (fault.when !== undefined) {
      const { phase, atS, untilS } = fault.when;
      if (phase !== undefined && atS !== undefined)
        mistakes.push(at('has phase and atS: only one of them is allowed', 'atS'));
      if (untilS !== undefined && atS === undefined) mistakes.push(at('needs atS', 'untilS'));
    }
    const span = spanIn(fault, phases);
    if (span !== undefined && phases !== undefined) {
      const endS = endOf(phases);
      if (span.toS <= span.fromS) mistakes.push(at(`must be later than atS (${span.fromS} s)`, 'untilS'));
      if (span.toS > endS) mistakes.push(at(`is after the end (${endS} s)`, 'untilS'));
    }
    const { replica } = fault;
    if (replica !== undefined) {
      const without = variants.filter(({ replicas }) => replicas !== undefined && replica > replicas);
      const have = without.map(({ name, replicas }) => `${name}, which has ${replicas}`).join(', and in ');
      if (without.length > 0) mistakes.push(at(`does not exist in variant ${have}`, 'replica'));
    }
    if (method.slice(0, index).some((other) => clashes(fault, other, phases))) {
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
function contradictionsIn({ faults }: RightFault): Mistake[] {
  const operations = Object.values(greeterContract.operations).map(({ name }) => name);
  return contradictionsOfPlan({ faults }, { operations, mayExit: true }) as Mistake[];
}

/** When a fault is active; `undefined` when something that says so is wrong. */
function spanIn({ when }: RightFault, phases: RightParts['phases']): Span | undefined {
  return when === undefined || phases === undefined ? undefined : spanOf(when, phases);
}

/**
 * Whether two faults cannot be active at the same time: a plan has each id only once, and a process can only be stopped
 * once.
 */
function clashes(a: RightFault, b: RightFault, phases: RightParts['phases']): boolean {
  const [spanOfA, spanOfB] = [spanIn(a, phases), spanIn(b, phases)];
  if (spanOfA === undefined || spanOfB === undefined || !overlap(spanOfA, spanOfB)) return false;
  if (a.layer === 'process' && b.layer === 'process') return a.replica === b.replica;
  if (a.layer !== 'plan' || b.layer !== 'plan') return false;
  if (a.replica !== undefined && b.replica !== undefined && a.replica !== b.replica) return false;
  const ids = new Set(b.faults.map(idOf));
  return a.faults.some((one) => idOf(one) !== undefined && ids.has(idOf(one)));
}

const idOf = (fault: unknown) => (fault as { readonly id?: unknown } | null)?.id;

function overlap(a: Span, b: Span): boolean {
  return a.fromS < b.toS && b.fromS < a.toS;
}

function ofHypothesis({ hypothesis, variants, load, phases }: RightParts): Mistake[] {
  const names = variants.map(({ name }) => name);
  const uncheckable = load.mix?.findIndex(({ expect }) => !knowsBody(expect)) ?? -1;
  return hypothesis.flatMap(({ right, wrong }, index) => {
    const { variant, minus, metric, phase, atLeast, atMost } = right;
    const at = (member: string, message: string) => ({ path: ['hypothesis', index, member], message });
    const mistakes: Mistake[] = [];
    if (variant !== undefined && !names.includes(variant)) mistakes.push(at('variant', choice(variant, names)));
    if (minus !== undefined && !names.includes(minus)) mistakes.push(at('minus', choice(minus, names)));
    if (minus !== undefined && minus === variant) mistakes.push(at('minus', 'must be another variant'));
    const isBounded =
      [atLeast, atMost].some((bound) => bound !== undefined) || wrong.has('atLeast') || wrong.has('atMost');
    if (!isBounded) mistakes.push({ path: ['hypothesis', index], message: 'needs atLeast or atMost' });
    if (metric !== undefined) {
      for (const member of ['atLeast', 'atMost'] as const) {
        const message = boundMistake({ metric, minus }, right[member]);
        if (message !== undefined) mistakes.push(at(member, message));
      }
    }
    if (metric === 'recoveryMs' && phase !== undefined && phase !== 'after')
      mistakes.push(at('phase', 'must be after: recovery is what happens then'));
    const afterS = phases === undefined ? undefined : load.afterS;
    if (metric === 'recoveryMs' && minus === undefined && atMost !== undefined && afterS !== undefined) {
      if (atMost + 1_000 > afterS * 1_000)
        mistakes.push(
          at('atMost', `needs a phase after that is at least a second longer than this: load.afterS is ${afterS}`),
        );
    }
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
