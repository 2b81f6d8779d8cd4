import { endOf, type Phase } from '../experiment/phases.ts';
import type { Progress } from '../load/protocol.ts';
import type { EdgeSample } from '../measure/raw-run.ts';

/** When the output is not a terminal, one line every so often, for a log. */
const PLAIN_EVERY_MS = 5_000;

export interface ProgressOutput {
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  write(text: string): void;
}

export interface ProgressLine {
  /** @param who the variant and the run: `standard 1/5` */
  show(who: string, progress: Progress, breaker: EdgeSample['breaker'] | undefined): void;
  /** Clears the line. */
  clear(): void;
}

/** The progress of a run: one line that is rewritten on a terminal, or one line every five seconds elsewhere. */
export function createProgressLine(phases: readonly Phase[], output: ProgressOutput, now: () => number): ProgressLine {
  let lastPlainAt = Number.NEGATIVE_INFINITY;
  let written = false;
  return {
    show(who, progress, breaker) {
      const parts = partsOf(who, progress, breaker, phases);
      if (output.isTTY) {
        output.write(`\r\u001b[K${fitted(parts, (output.columns ?? 80) - 1)}`);
        written = true;
      } else if (now() - lastPlainAt >= PLAIN_EVERY_MS) {
        output.write(`${parts.join(BETWEEN)}\n`);
        lastPlainAt = now();
      }
    },
    clear() {
      if (written) output.write('\r\u001b[K');
      written = false;
    },
  };
}

const BETWEEN = ' · ';

/** As many whole parts as fit, because a figure that is cut off reads as another figure. */
function fitted(parts: readonly string[], columns: number): string {
  let line = (parts[0] ?? '').slice(0, columns);
  for (const part of parts.slice(1)) {
    if (line.length + BETWEEN.length + part.length > columns) break;
    line += BETWEEN + part;
  }
  return line;
}

/** Most important first: a narrow terminal loses the last parts. */
function partsOf(
  who: string,
  { atS, recent, inFlight }: Progress,
  breaker: EdgeSample['breaker'] | undefined,
  phases: readonly Phase[],
): string[] {
  const endS = endOf(phases);
  const phase = atS < 0 ? 'warm-up' : (phases.findLast(({ fromS }) => atS >= fromS)?.name ?? 'warm-up');
  const beginning = [who, phase.padEnd(7), `${Math.max(0, Math.ceil(endS - atS))} s left`];
  if (recent.answered === 0) return [...beginning, `no answer yet, ${inFlight} waiting`];
  return [
    ...beginning,
    // The verdict counts the requests of a whole phase, and so differs.
    `last ${Math.ceil(recent.seconds)} s: success ${((100 * recent.success) / recent.answered).toFixed(1)} %`,
    `p99 ${recent.p99Ms === null ? '–' : `${recent.p99Ms.toFixed(0)} ms`}`,
    ...(breaker === undefined ? [] : [`breaker ${breaker.replace('_', '-')}`]),
    `${(recent.answered / recent.seconds).toFixed(0)}/s`,
    `${inFlight} waiting`,
  ];
}
