import { tableRow } from '@halfopen/figures/text';
import { formatFigure, intervalText, METRIC_TEXTS } from '../wording/metric-words.ts';
import { type ComparedFigure, MOST_POINTS, MOST_SHARE } from './calibrate.ts';
import { exceptionOf } from './exceptions.ts';

const BEGIN = '<!-- calibration: made by `pnpm lab calibrate --write` -->';

/** The part of docs/simulator.md that compares simulated figures with real ones. */
export function calibrationPart(figures: readonly ComparedFigure[]) {
  const apart = figures.filter(({ agrees }) => !agrees);
  const experiments = new Set(figures.map(({ experiment }) => experiment)).size;
  return {
    name: 'docs/simulator.md',
    file: new URL('../../../docs/simulator.md', import.meta.url),
    begin: BEGIN,
    end: '<!-- /calibration -->',
    lines: [
      '',
      `Of ${figures.length} figures of ${experiments} experiments, ${figures.length - apart.length} agree: shares within ${100 * MOST_POINTS} points, p99 within ${100 * MOST_SHARE} %. The others:`,
      '',
      '| experiment | variant | phase | figure | simulated (range) | real | why |',
      '| --- | --- | --- | --- | ---: | ---: | --- |',
      ...apart.map((one) =>
        tableRow([
          one.experiment,
          one.variant,
          one.phase,
          METRIC_TEXTS[one.figure],
          `${formatFigure(one.figure, one.simulated)} (${intervalText(one.figure, one.range)})`,
          formatFigure(one.figure, one.real),
          exceptionOf(one)?.why ?? 'not explained',
        ]),
      ),
      '',
    ],
  };
}
