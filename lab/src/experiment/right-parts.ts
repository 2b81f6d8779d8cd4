import type { z } from 'zod';
import { type Hypothesis, hypothesis, loadMembers, type Method, method, variant } from './format.ts';
import { type Phase, phasesOf } from './phases.ts';

/** The members of a map that are right, and the names of those that are not. */
interface RightMembers<Whole> {
  readonly right: Partial<Whole>;
  readonly wrong: ReadonlySet<string>;
}

/** What is right in an experiment, part by part, so that one mistake does not hide another. */
export interface RightParts {
  readonly load: Partial<z.output<typeof loadMembers>>;
  /** `undefined` when the length of a phase is wrong. */
  readonly phases: readonly Phase[] | undefined;
  readonly variants: readonly RightVariant[];
  readonly method: readonly RightFault[];
  readonly hypothesis: readonly RightMembers<Hypothesis>[];
}

interface RightVariant {
  readonly name: string;
  readonly edge: Readonly<Record<string, string | number>>;
  readonly greeter: Readonly<Record<string, string | number>>;
  readonly replicas: number | undefined;
}

export interface RightFault {
  readonly layer: Method['layer'] | undefined;
  /** When it is active; `undefined` when a member that says so is wrong. */
  readonly when: Pick<Method, 'phase' | 'atS' | 'untilS'> | undefined;
  readonly replica: number | undefined;
  /** The faults of a plan, right or wrong. */
  readonly faults: readonly unknown[];
}

/** @param raw the experiment as it was written */
export function rightParts(raw: unknown): RightParts {
  const { load, variants, method: faults, hypothesis: hypotheses } = mapOf(raw);
  const { right } = rightMembers(loadMembers.shape, load);
  const { beforeS, duringS, afterS } = right;
  const hasPhases = beforeS !== undefined && duringS !== undefined && afterS !== undefined;
  return {
    load: right,
    phases: hasPhases ? phasesOf({ beforeS, duringS, afterS }) : undefined,
    variants: Object.entries(mapOf(variants)).map(([name, one]) => rightVariant(name, one)),
    method: listOf(faults).map(rightFault),
    hypothesis: listOf(hypotheses).map((one) => rightMembers(hypothesis.shape, one)),
  };
}

function rightVariant(name: string, raw: unknown): RightVariant {
  const { edge, greeter } = mapOf(raw);
  return {
    name,
    edge: environmentOf(edge),
    greeter: environmentOf(greeter),
    replicas: rightMembers(variant.shape, raw).right.replicas,
  };
}

function environmentOf(raw: unknown): RightVariant['edge'] {
  const isValue = (entry: [string, unknown]): entry is [string, string | number] =>
    /string|number/.test(typeof entry[1]);
  return Object.fromEntries(Object.entries(mapOf(raw)).filter(isValue));
}

function rightFault(raw: unknown): RightFault {
  const { layer, faults } = mapOf(raw);
  const form = method.options.find((option) => option.shape.layer.value === layer);
  if (form === undefined) return { layer: undefined, when: undefined, replica: undefined, faults: [] };
  const { phase, atS, untilS } = form.shape;
  const when = rightMembers({ phase, atS, untilS }, raw);
  return {
    layer: form.shape.layer.value,
    when: when.wrong.size > 0 ? undefined : when.right,
    replica: 'replica' in form.shape ? rightMembers({ replica: form.shape.replica }, raw).right.replica : undefined,
    faults: layer === 'plan' ? listOf(faults) : [],
  };
}

function rightMembers<Shape extends z.ZodRawShape>(
  shape: Shape,
  raw: unknown,
): RightMembers<z.output<z.ZodObject<Shape>>> {
  const members = mapOf(raw);
  const parsed = Object.entries(shape).map(([name, kind]) => ({
    name,
    result: (kind as z.ZodType).safeParse(members[name]),
  }));
  return {
    right: Object.fromEntries(
      parsed.flatMap(({ name, result }) => (result.success ? [[name, result.data]] : [])),
    ) as Partial<z.output<z.ZodObject<Shape>>>,
    wrong: new Set(parsed.flatMap(({ name, result }) => (result.success ? [] : [name]))),
  };
}

function mapOf(raw: unknown): Readonly<Record<string, unknown>> {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw) ? (raw as Record<string, unknown>) : {};
}

function listOf(raw: unknown): readonly unknown[] {
  return Array.isArray(raw) ? raw : [];
}
