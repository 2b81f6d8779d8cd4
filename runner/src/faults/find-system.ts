import { findCompose } from './compose-system.ts';
import { findStarts } from './start-system.ts';
import { Refusal, type System, type SystemName } from './system.ts';

/**
 * The system to break: the only one that runs, or the one that was named.
 * @throws Refusal when there is none, or more than one
 */
export async function findSystem(on: SystemName | undefined, pid: number | undefined): Promise<System> {
  if (pid !== undefined && on === 'compose')
    throw new Refusal('--pid names a pnpm start, --on compose means containers');
  const starts = on === 'compose' ? [] : (await findStarts()).filter((start) => pid === undefined || start.pid === pid);
  // A machine without Docker has nothing composed. Asked for by name, its absence is the answer.
  const compose =
    on === 'start' || pid !== undefined
      ? undefined
      : await findCompose().catch((error: unknown) => {
          if (on === undefined && error instanceof Refusal) return undefined;
          throw error;
        });
  const found = [...starts.map(({ system }) => system), ...(compose === undefined ? [] : [compose])];
  const [system] = found;
  if (system === undefined) throw new Refusal(nothing(on, pid));
  if (found.length > 1) {
    const how = starts.length > 1 ? '--pid says which `pnpm start`' : '--on start or --on compose says which';
    throw new Refusal(`more than one system runs: ${found.map(({ title }) => title).join(', ')}; ${how}`);
  }
  return system;
}

function nothing(on: SystemName | undefined, pid: number | undefined): string {
  if (pid !== undefined) return `no \`pnpm start\` of this repository has pid ${pid}`;
  if (on === 'start') return 'no `pnpm start` of this repository runs';
  if (on === 'compose') return 'no container of this project runs';
  return 'nothing to break: neither `pnpm start` nor a container of this project runs';
}
