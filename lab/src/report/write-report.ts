import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ExperimentResult } from '../result/result.ts';
import { renderJunit } from './junit.ts';
import { renderMarkdown } from './markdown.ts';
import { renderReport } from './render-report.ts';

/**
 * Writes `report.html`, `junit.xml` and `summary.md` beside a `result.json`.
 * @param resultFile path of the `result.json`
 * @returns path of `report.html`
 */
export function writeReport(result: ExperimentResult, resultFile: string): string {
  const beside = (name: string) => join(dirname(resultFile), name);
  writeFileSync(beside('report.html'), renderReport(result));
  writeFileSync(beside('junit.xml'), renderJunit(result));
  writeFileSync(beside('summary.md'), renderMarkdown(result));
  return beside('report.html');
}
