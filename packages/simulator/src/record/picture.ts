import type { Run } from './run.ts';
import { SAMPLE_MS } from './samples.ts';

/** Columns of a picture, which fit into a terminal beside their labels. */
const COLUMNS = 80;

const BARS = '▁▂▃▄▅▆▇█';
/** For success, where nearly all is not all. */
const bar = (share: number) =>
  share >= 1 ? '█' : (BARS[Math.min(BARS.length - 2, Math.floor(share * (BARS.length - 1)))] as string);

/**
 * The timeline of a run as text: the share of calls that succeeded, the requests that the servers received, how long their queues were,
 * and the callers' breakers.
 */
export function pictureOf({ scenario, seed, journal, samples, breakerTransitions }: Run): string {
  const { lengthMs, trigger } = scenario;
  // Whole samples, so that each column has the same number of them.
  const columnMs = SAMPLE_MS * Math.ceil(lengthMs / COLUMNS / SAMPLE_MS);
  const columns = Array.from({ length: Math.ceil(lengthMs / columnMs) }, (_, index) => index * columnMs);
  const line = (label: string, cell: (fromMs: number, toMs: number) => string, after = '') =>
    `${label.padEnd(9)}${columns.map((fromMs) => cell(fromMs, fromMs + columnMs)).join('')}${after}`.trimEnd();

  const offered = (fromMs: number, toMs: number) => journal.firstDueAt(toMs) - journal.firstDueAt(fromMs);
  const received = (fromMs: number, toMs: number) => samples.receivedBetween(fromMs, toMs);
  const queuedAt = (atMs: number) => samples.queued[Math.round(atMs / SAMPLE_MS)] ?? 0;
  const mostLoad = Math.max(
    1,
    ...columns.map((fromMs) => Math.max(received(fromMs, fromMs + columnMs), offered(fromMs, fromMs + columnMs))),
  );
  const mostQueued = Math.max(1, ...columns.map(queuedAt));
  const perS = Math.round((1_000 * mostLoad) / columnMs);

  return [
    `${scenario.name}, seed ${seed}: ${lengthMs / 1_000} s, ${columnMs} ms a column, trouble from ${trigger.fromMs / 1_000} to ${trigger.toMs / 1_000} s`,
    line('success', (fromMs, toMs) => {
      const [first, end] = [journal.firstDueAt(fromMs), journal.firstDueAt(toMs)];
      if (first === end) return ' ';
      let good = 0;
      for (let index = first; index < end; index++) if (journal.hasSucceeded(index)) good++;
      return good === 0 ? '·' : bar(good / (end - first));
    }),
    line('calls', (fromMs, toMs) => bar(offered(fromMs, toMs) / mostLoad), ` top: ${perS}/s`),
    line('requests', (fromMs, toMs) => bar(received(fromMs, toMs) / mostLoad)),
    line(
      'queued',
      (fromMs) => (queuedAt(fromMs) === 0 ? '·' : bar(queuedAt(fromMs) / mostQueued)),
      ` top: ${mostQueued}`,
    ),
    line('breakers', (fromMs, toMs) =>
      breakerTransitions.some(({ to, atMs }) => to === 'open' && atMs >= fromMs && atMs < toMs) ? 'o' : '·',
    ),
    line('trouble', (fromMs, toMs) => (fromMs < trigger.toMs && toMs > trigger.fromMs ? '▔' : ' ')),
  ].join('\n');
}
