import type { Phase } from '../experiment/phases.ts';
import type { Progress } from '../load/protocol.ts';
import type { EdgeSample } from '../measure/raw-run.ts';

/** Not a terminal: a line every so often, for a log that somebody reads later. */
const PLAIN_EVERY_MS = 5_000;

export interface ProgressOutput {
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  write(text: string): void;
}

export interface ProgressLine {
  /** @param who the variant and the run: `standard 1/5` */
  show(who: string, progress: Progress, breaker: EdgeSample['breaker'] | undefined): void;
  /** Leaves an empty line to write on. */
  clear(): void;
}

/** How a run is going: one line, written over again on a terminal; a line every five seconds elsewhere. */
export function createProgressLine(phases: readonly Phase[], output: ProgressOutput, now: () => number): ProgressLine {
  let lastPlainAt = Number.NEGATIVE_INFINITY;
  let written = false;
  return {
    show(who, progress, breaker) {
      const line = lineOf(who, progress, breaker, phases);
      if (output.isTTY) {
        output.write(`\r\u001b[K${line.slice(0, (output.columns ?? 80) - 1)}`);
        written = true;
      } else if (now() - lastPlainAt >= PLAIN_EVERY_MS) {
        output.write(`${line}\n`);
        lastPlainAt = now();
      }
    },
    clear() {
      if (written) output.write('\r\u001b[K');
      written = false;
    },
  };
}

function lineOf(
  who: string,
  { atS, recent, inFlight }: Progress,
  breaker: EdgeSample['breaker'] | undefined,
  phases: readonly Phase[],
): string {
  const endS = phases.at(-1)?.toS ?? 0;
  const phase = atS < 0 ? 'warm-up' : (phases.findLast(({ fromS }) => atS >= fromS)?.name ?? 'warm-up');
  const success = recent.answered === 0 ? '–' : `${((100 * recent.success) / recent.answered).toFixed(1)} %`;
  return [
    who,
    phase.padEnd(7),
    `${(recent.answered / recent.seconds).toFixed(0)}/s`,
    `success ${success}`,
    `p99 ${recent.p99Ms === null ? '–' : `${recent.p99Ms.toFixed(0)} ms`}`,
    ...(breaker === undefined ? [] : [`breaker ${breaker.replace('_', '-')}`]),
    `${inFlight} waiting`,
    `${Math.max(0, Math.ceil(endS - atS))} s left`,
  ].join(' · ');
}
