import { build, type Histogram } from 'hdr-histogram-js';
import type { Outcome } from '../result/result.ts';
import { createReasons } from './reasons.ts';

const SLICES = 20;
const SLICE_MS = 250;

interface Slice {
  answered: number;
  success: number;
  bad: number;
  readonly latency: Histogram;
  readonly whyBad: ReturnType<typeof createReasons>;
}

/** In microseconds: 1 µs to 10 minutes, three significant digits. */
export const histogram = () =>
  build({ lowestDiscernibleValue: 1, highestTrackableValue: 600_000_000, numberOfSignificantValueDigits: 3 });

/** The last five seconds, in slices of a quarter of a second. */
export function createLiveView() {
  const slices: Slice[] = Array.from({ length: SLICES }, () => ({
    answered: 0,
    success: 0,
    bad: 0,
    latency: histogram(),
    whyBad: createReasons(),
  }));
  const sum = histogram();
  let current = 0;
  let filled = 1;
  return {
    /** @param why it did not succeed */
    record(outcome: Outcome, tookMs: number, why: string): void {
      const slice = slices[current] as Slice;
      slice.answered++;
      if (outcome === 'success') slice.success++;
      if (outcome === 'failed' || outcome === 'wrong') {
        slice.bad++;
        slice.whyBad.count(why);
      }
      slice.latency.recordValue(Math.max(1, Math.round(tookMs * 1_000)));
    },
    /** Call it once per slice. */
    turn() {
      sum.reset();
      for (const { latency } of slices) sum.add(latency);
      const whyBad = createReasons();
      for (const slice of slices) for (const [why, count] of slice.whyBad.all()) whyBad.count(why, count);
      const total = (key: 'answered' | 'success' | 'bad') => slices.reduce((all, slice) => all + slice[key], 0);
      const view = {
        answered: total('answered'),
        success: total('success'),
        bad: total('bad'),
        whyBad: whyBad.all(),
        seconds: (filled * SLICE_MS) / 1_000,
        p99Ms: sum.totalCount === 0 ? null : sum.getValueAtPercentile(99) / 1_000,
      };
      current = (current + 1) % SLICES;
      filled = Math.min(SLICES, filled + 1);
      const oldest = slices[current] as Slice;
      oldest.latency.reset();
      oldest.whyBad.clear();
      Object.assign(oldest, { answered: 0, success: 0, bad: 0 });
      return view;
    },
    sliceMs: SLICE_MS,
  };
}
