import type { Method } from '../experiment/format.ts';

/** What a report calls a fault. */
export function labelOf(method: Method): string {
  if (method.label !== undefined) return method.label;
  switch (method.layer) {
    case 'plan': {
      const ids = method.faults.map(({ id }) => id).join(', ');
      return method.replica === undefined ? ids : `${ids} (greeter ${method.replica})`;
    }
    case 'process':
      return `${method.action} greeter ${method.replica}`;
    default:
      return method.toxics.map(({ type }) => type).join(', ');
  }
}
