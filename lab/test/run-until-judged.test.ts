import { expect, test } from 'vitest';
import { MOST_RUNS, runUntilJudged } from '../src/publish/run-until-judged.ts';
import type { ExperimentResult, Reason } from '../src/result/result.ts';
import { sampleResult } from './sample-result.ts';

const sample = sampleResult();
const judged = (verdict: ExperimentResult['verdict']): ExperimentResult => ({ ...sample, verdict });
const givenUp = (gaveUpFor: Reason): ExperimentResult => ({
  ...sample,
  verdict: 'inconclusive',
  sound: false,
  gaveUpFor,
  remarks: [`none: given up (${gaveUpFor}).`],
});

/** A runner that has been told what comes out, run by run. */
function runner(outcomes: Readonly<Record<string, readonly (ExperimentResult | undefined)[]>>) {
  const ran: string[] = [];
  const lines: string[] = [];
  const run = (file: string) => {
    const times = ran.filter((one) => one === file).length;
    ran.push(file);
    const of = outcomes[file] ?? [];
    if (times >= of.length) throw new Error(`${file} was run once too often`);
    return Promise.resolve(of[times]);
  };
  return { ran, lines, run, say: (line: string) => void lines.push(line) };
}

test('a verdict is never asked for twice, whatever it is', async () => {
  const outcomes = { a: [judged('failed')], b: [judged('inconclusive')], c: [judged('held')] };
  const { run, say, ran, lines } = runner(outcomes);
  const { results, missing } = await runUntilJudged(['a', 'b', 'c'], run, say);
  expect(ran).toEqual(['a', 'b', 'c']);
  expect(results).toEqual([...outcomes.a, ...outcomes.b, ...outcomes.c]);
  expect(missing).toEqual([]);
  expect(lines).toEqual([]);
});

test('a run that was given up is repeated after the others, and is kept', async () => {
  const outcomes = { a: [givenUp('late'), givenUp('unsteady'), judged('failed')], b: [judged('held')] };
  const { run, say, ran, lines } = runner(outcomes);
  const { results, missing } = await runUntilJudged(['a', 'b'], run, say);
  expect(ran).toEqual(['a', 'b', 'a', 'a']);
  expect(results).toHaveLength(4);
  expect(missing).toEqual([]);
  expect(lines).toEqual([
    'a: run 1 of at most 3 was given up and will be repeated: none: given up (late).',
    'a: run 2 of at most 3 was given up and will be repeated: none: given up (unsteady).',
  ]);
});

test('what has no verdict after all tries is named, and the others are still run', async () => {
  const { run, say, ran } = runner({
    late: Array.from({ length: MOST_RUNS }, () => givenUp('late')),
    limit: [givenUp('limit')],
    fault: [givenUp('fault_off_time')],
    crashed: [undefined],
    fine: [judged('held')],
  });
  const { results, missing } = await runUntilJudged(['late', 'limit', 'fault', 'crashed', 'fine'], run, say);
  expect(ran).toEqual(['late', 'limit', 'fault', 'crashed', 'fine', 'late', 'late']);
  expect(results).toHaveLength(MOST_RUNS + 3);
  expect(missing).toEqual([
    'limit: no verdict, and no reason to run it again: none: given up (limit).',
    'fault: no verdict, and no reason to run it again: none: given up (fault_off_time).',
    'crashed: the run left no result.',
    'late: no verdict in 3 runs; the last: none: given up (late).',
  ]);
});
