import type { Mistake } from './mistakes.ts';
import { listMistakes, mistakesOf } from './mistakes.ts';
import {
  COMPANIONS,
  type Fault,
  type FaultPlan,
  faultSchema,
  headerSchema,
  PROCESS_EFFECTS,
  planSchema,
  REQUEST_EFFECTS,
} from './schema.ts';

/** What a plan may ask for in the process that injects its faults. */
export interface Host {
  /** The operations of the service. A fault for any other operation is refused, because it would never fire. */
  readonly operations: readonly string[];
  /** Whether a fault may end the process. Not if several services, or tests, share it. */
  readonly mayExit: boolean;
}

export const EMPTY_PLAN: FaultPlan = planSchema.parse({ faults: [] });

/** An invalid plan or `x-fault` header. Its `code` makes a service answer 400. */
export class FaultPlanError extends Error {
  override readonly name = 'FaultPlanError';
  readonly code = 'bad_request';
}

/**
 * Reads a plan. A single mistake refuses the whole plan.
 * @throws FaultPlanError with the path of every mistake
 */
export function parsePlan(plan: unknown, host: Host): FaultPlan {
  const parsed = planSchema.safeParse(plan);
  const mistakes = [...(parsed.success ? [] : mistakesOf(parsed.error)), ...contradictionsOfPlan(plan, host)];
  if (parsed.success && mistakes.length === 0) return parsed.data;
  throw new FaultPlanError(`the fault plan is refused: ${listMistakes(mistakes, 'the plan')}`);
}

/** Members with a short name in the header: `delay=800` is `delayMs`. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  delay: 'delayMs',
  jitter: 'jitterMs',
  dripInterval: 'dripIntervalMs',
};

/** `Number` would also accept an empty text, white space, 0x1F7 and 1e9. */
const DECIMAL = /^\d{1,15}(\.\d{1,15})?$/;

/**
 * Reads an `x-fault` header, such as `delay=800, status=503`: the effects of a fault, for one request.
 * @throws FaultPlanError with the name of every mistake
 */
export function parseFaultHeader(header: string, host: Pick<Host, 'mayExit'>): Fault {
  const given = new Map<string, unknown>();
  const mistakes: Mistake[] = [];
  for (const part of header.split(',')) {
    const [short = '', ...values] = part.split('=').map((piece) => piece.trim());
    const text = values.length === 0 ? undefined : values.join('=');
    const name = Object.hasOwn(SHORT_NAMES, short) ? (SHORT_NAMES[short] as string) : short;
    if (given.has(name)) mistakes.push({ path: [name], message: 'is given twice' });
    given.set(name, valueOf(text));
  }
  const planOnly = [...given.keys()].filter(isPlanOnly);
  mistakes.push(...planOnly.map((name) => ({ path: [name], message: 'is allowed in a plan only' })));
  const parsed = headerSchema.safeParse(Object.fromEntries([...given].filter(([name]) => !isPlanOnly(name))));
  if (!parsed.success) mistakes.push(...mistakesOf(parsed.error));
  mistakes.push(...contradictions((name) => given.has(name), [], { ...host, operations: [] }));
  if (parsed.success && mistakes.length === 0) return { id: 'x-fault', rate: 1, ...parsed.data };
  throw new FaultPlanError(
    `x-fault ${JSON.stringify(header.slice(0, 100))} is refused: ${listMistakes(mistakes, 'it')}. Valid: delay=800, status=503, reset`,
  );
}

function isPlanOnly(name: string): boolean {
  return Object.hasOwn(faultSchema.shape, name) && !Object.hasOwn(headerSchema.shape, name);
}

/** `reset` and `reset=true` are the same, as in a plan. */
function valueOf(text: string | undefined): unknown {
  if (text === undefined || text === 'true') return true;
  return DECIMAL.test(text) ? Number(text) : text;
}

/** Mistakes that no single member shows. Checks the plan as it was sent, so that one mistake does not hide another. */
export function contradictionsOfPlan(plan: unknown, host: Host): Mistake[] {
  const faults = isRecord(plan) && Array.isArray(plan.faults) ? (plan.faults as unknown[]) : [];
  const seen = new Set<unknown>();
  return faults.flatMap((fault, index): Mistake[] => {
    if (!isRecord(fault)) return [];
    const path = ['faults', index];
    // A plan from `GET /faults` has all rates filled in. A rate of 1 is the default, so it contradicts nothing.
    const has = (name: string) => Object.hasOwn(fault, name) && !(name === 'rate' && fault.rate === 1);
    const mistakes = contradictions(has, path, host);
    const mistake = (member: string, message: string) => mistakes.push({ path: [...path, member], message });
    // The short names of the header are a likely mistake in a plan.
    for (const [short, name] of Object.entries(SHORT_NAMES)) {
      if (Object.hasOwn(fault, short)) mistake(short, `is ${name} in a plan`);
    }
    if (seen.has(fault.id)) mistake('id', `${JSON.stringify(fault.id)} is already used by another fault`);
    if (fault.id !== undefined) seen.add(fault.id);
    if (typeof fault.delayMs === 'object' && fault.jitterMs !== undefined) {
      mistake('jitterMs', 'needs delayMs to be a number: a distribution has its own spread');
    }
    const { operation } = fault;
    if (typeof operation === 'string' && !host.operations.includes(operation)) {
      mistake('operation', `must be one of ${host.operations.join(', ')}, not ${JSON.stringify(operation)}`);
    }
    return mistakes;
  });
}

/** Members of a fault that have no meaning together with an effect on the whole process. */
const OF_REQUESTS = ['rate', 'operation', 'caller', 'count', 'delayMs', 'jitterMs'] as const;

function contradictions(has: (member: string) => boolean, path: readonly PropertyKey[], host: Host): Mistake[] {
  const mistakes: Mistake[] = [];
  const effects = [...REQUEST_EFFECTS, ...PROCESS_EFFECTS].filter(has);
  if (effects.length > 1) {
    mistakes.push({ path, message: `has ${effects.join(' and ')}: a fault can have only one effect` });
  }
  if (effects.length === 0 && !has('delayMs')) {
    const all = [...REQUEST_EFFECTS, ...(path.length === 0 ? [] : PROCESS_EFFECTS)];
    mistakes.push({ path, message: `does nothing: it needs delayMs or one of ${all.join(', ')}` });
  }
  for (const [companion, of] of Object.entries(COMPANIONS)) {
    if (has(companion) && !has(of)) mistakes.push({ path: [...path, companion], message: `needs ${of}` });
  }
  const ofProcess = PROCESS_EFFECTS.find(has);
  for (const member of ofProcess === undefined ? [] : OF_REQUESTS.filter(has)) {
    mistakes.push({ path: [...path, member], message: `is not allowed: ${ofProcess} hits the process, not requests` });
  }
  if (has('exit') && !host.mayExit) {
    mistakes.push({ path: [...path, 'exit'], message: 'is not allowed: other services share this process' });
  }
  return mistakes;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
