import type { Load } from '../experiment/format.ts';
import type { ExperimentResult } from '../result/result.ts';
import { segmentsOf } from './arrivals.ts';

/** When the load differed from its initial rate, and by how much: the event of an experiment that breaks nothing. */
export function loadChangesOf(load: Load): NonNullable<ExperimentResult['loadChanges']> {
  const usual = load.ratePerS;
  const further = (a: number, b: number) => (Math.abs(a - usual) > Math.abs(b - usual) ? a : b);
  const changes: { rate: number; fromS: number; toS: number }[] = [];
  for (const { fromS, toS, fromRate, toRate } of segmentsOf(load)) {
    const rate = further(fromRate, toRate);
    if (rate === usual) continue;
    const last = changes.at(-1);
    if (last?.toS === fromS) {
      last.toS = toS;
      last.rate = further(last.rate, rate);
    } else {
      changes.push({ rate, fromS, toS });
    }
  }
  return changes.map(({ rate, fromS, toS }) => ({ label: `${rate}/s instead of ${usual}/s`, fromS, toS }));
}
