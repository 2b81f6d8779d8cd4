import type { Method } from '../experiment/format.ts';
import type { Debt, Ledger } from '../system/ledger.ts';
import type { Greeter, System } from '../system/system.ts';
import { callWire, type Wire } from '../system/wire.ts';
import type { Fault } from './fault.ts';
import type { PlanBoard } from './plan-board.ts';

export interface FaultContext {
  readonly system: System;
  readonly board: PlanBoard;
  readonly wire: Wire | undefined;
  readonly ledger: Ledger;
}

/** @throws Error when this system cannot be broken in this way */
export function faultOf(method: Method, context: FaultContext): Fault {
  switch (method.layer) {
    case 'plan':
      return context.board.fault(method.faults, method.replica === undefined ? undefined : method.replica - 1);
    case 'process':
      return ofProcess(method.action, greeterOf(context.system, method.replica));
    default:
      return ofWire(method, context);
  }
}

function greeterOf({ greeters, where }: System, replica: number): Greeter {
  const greeter = greeters[replica - 1];
  if (greeter === undefined)
    throw new Error(`there is no greeter ${replica} to be broken (${where}: ${greeters.length})`);
  return greeter;
}

function ofProcess(action: 'pause' | 'kill', { pause, resume, kill, restart }: Greeter): Fault {
  return action === 'pause'
    ? { apply: pause, undo: resume, restarts: false }
    : { apply: kill, undo: restart, restarts: true };
}

let made = 0;

function ofWire({ proxy, toxics }: Extract<Method, { layer: 'wire' }>, { system, wire, ledger }: FaultContext): Fault {
  if (wire === undefined) {
    throw new Error(
      'faults of the layer wire need a proxy that speaks the HTTP API of Toxiproxy: give its address with --wire URL',
    );
  }
  const proxies = proxy === undefined ? system.proxies : [proxy];
  if (proxies.length === 0)
    throw new Error('this fault must name its proxy: the runner has put none in front of the greeters');
  const put: { path: string; debt: Debt }[] = [];
  return {
    async apply() {
      for (const name of proxies) {
        for (const toxic of toxics) {
          const id = `lab-${process.pid}-${++made}`;
          const path = `/proxies/${encodeURIComponent(name)}/toxics`;
          const debt: Debt = { kind: 'request', method: 'DELETE', url: `${wire.apiUrl}${path}/${id}` };
          ledger.add(debt);
          await callWire(wire, 'POST', path, { name: id, ...toxic });
          put.push({ path: `${path}/${id}`, debt });
        }
      }
    },
    async undo() {
      for (const { path, debt } of put.splice(0)) {
        await callWire(wire, 'DELETE', path);
        ledger.remove(debt);
      }
    },
    restarts: false,
  };
}
