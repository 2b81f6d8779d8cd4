import type { Fault as PlannedFault } from '@halfopen/faults';
import type { Debt, Ledger } from '../system/ledger.ts';
import type { Greeter } from '../system/system.ts';
import type { Fault } from './fault.ts';

/** The active fault plans of the greeters. A greeter has one plan, which several faults of an experiment share. */
export interface PlanBoard {
  /** @param only index of the only greeter to break; `undefined`: all of them */
  fault(faults: readonly PlannedFault[], only: number | undefined): Fault;
}

/** @param seed of the plans; the same seed and request ids hit the same attempts */
export function createPlanBoard(greeters: readonly Greeter[], seed: number, ledger: Ledger): PlanBoard {
  const active = greeters.map(() => new Set<readonly PlannedFault[]>());
  const debts = new Map<number, Debt>();
  // One change at a time: an earlier plan must not overwrite a later one.
  let turn: Promise<void> = Promise.resolve();
  const change = (indexes: readonly number[], edit: (index: number) => void): Promise<void> => {
    const next = turn.then(async () => {
      for (const index of indexes) {
        edit(index);
        await put(index);
      }
    });
    turn = next.catch(() => undefined);
    return next;
  };
  const put = async (index: number) => {
    const url = `${greeters[index]?.opsUrl}/faults`;
    const faults = [...(active[index] ?? [])].flat();
    if (faults.length === 0) {
      await call(url, 'DELETE');
      const debt = debts.get(index);
      if (debt !== undefined) ledger.remove(debt);
      debts.delete(index);
      return;
    }
    if (!debts.has(index)) {
      const debt: Debt = { kind: 'request', method: 'DELETE', url };
      ledger.add(debt);
      debts.set(index, debt);
    }
    await call(url, 'PUT', { seed, faults });
  };
  return {
    fault(faults, only) {
      const indexes = only === undefined ? [...greeters.keys()] : [only];
      if (indexes.length === 0)
        throw new Error('faults of the layer plan need one of our greeters, and there is none here');
      if (greeters.length <= Math.max(...indexes)) throw new Error(`there is no greeter ${Math.max(...indexes) + 1}`);
      return {
        apply: () => change(indexes, (index) => active[index]?.add(faults)),
        undo: () => change(indexes, (index) => active[index]?.delete(faults)),
        restarts: false,
      };
    },
  };
}

async function call(url: string, method: 'PUT' | 'DELETE', body?: unknown): Promise<void> {
  const response = await fetch(url, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    signal: AbortSignal.timeout(5_000),
  }).catch((error: unknown) => {
    throw new Error(`the greeter's fault API does not answer: ${method} ${url}`, { cause: error });
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`the greeter refuses the faults: ${method} ${url} says ${response.status} ${text}`);
}
