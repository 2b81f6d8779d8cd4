import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Verdict } from '@halfopen/figures/statistics';
import { describe, expect, it, vi } from 'vitest';
import { overviewPicture } from '../src/publish/overview-picture.ts';
import { publicationOf } from '../src/publish/publication.ts';
import { renderJunit } from '../src/report/junit.ts';
import { hypothesesMarkdown, renderMarkdown } from '../src/report/markdown.ts';
import { renderReport } from '../src/report/render-report.ts';
import { shownTimeline } from '../src/report/shown-timeline.ts';
import { summaryOf } from '../src/report/summary.ts';
import { timelinePicture } from '../src/report/timeline-picture.ts';
import { writeReport } from '../src/report/write-report.ts';
import { unpackRequests } from '../src/result/packed-requests.ts';
import { parseResult, ResultError, readResult } from '../src/result/read-result.ts';
import type { ExperimentResult, Figures, HypothesisResult, RunResult, VariantResult } from '../src/result/result.ts';
import { verdictTable } from '../src/terminal/verdict-table.ts';
import { formatFigure } from '../src/wording/metric-words.ts';
import { verdictSentence } from '../src/wording/verdict-words.ts';
import { sampleResult, stoppedAt, withEndpoints } from './sample-result.ts';

// An interval is two thousand resamples: on a busy machine a page takes its time.
vi.setConfig({ testTimeout: 60_000 });

const sample = sampleResult();

it('renders the same page for the same result, with the verdict before all else', () => {
  const html = renderReport(sample);
  expect(renderReport(sampleResult())).toBe(html);
  const order = [
    'Failed</h2>',
    'Of 5 hypotheses, 1 failed, 1 could not be decided and 3 held. The system did not do everything that this experiment demands of it.',
    'In the phase during (10 to 22 s):',
    sample.experiment.why,
    'Hypotheses</h2>',
    'What happened</h2>',
    'All figures</h2>',
    sample.provenance.command,
  ];
  const places = order.map((text) => html.indexOf(text));
  expect(places.every((place) => place > 0)).toBe(true);
  expect(places.toSorted((a, b) => a - b)).toEqual(places);
});

it('gives faults that follow each other one row, and those that overlap one each', () => {
  const rowsOf = (spans: readonly (readonly [number, number])[]) => {
    const faults = spans.map(([fromS, toS]) => ({ label: 'flap', layer: 'plan' as const, fromS, toS }));
    const svg = timelinePicture({ ...sample, faults }, sample.variants[0] as VariantResult, { width: 980, id: 'x' });
    const labels = [...svg.matchAll(/<rect class="fault"[^>]* y="(\d+)"/g)].map(([, y]) => y);
    expect(labels).toHaveLength(spans.length);
    return new Set(labels).size;
  };
  expect(
    rowsOf([
      [4, 6],
      [8, 10],
      [12, 14],
    ]),
  ).toBe(1);
  expect(
    rowsOf([
      [4, 10],
      [8, 14],
      [12, 16],
    ]),
  ).toBe(2);
});

it('shades what came and went, and not what holds all the time', () => {
  const svg = timelinePicture(
    {
      ...sample,
      faults: [{ label: 'each takes 40 ms', layer: 'plan', fromS: 0, toS: 36 }],
      loadChanges: [{ label: '200/s instead of 50/s', fromS: 10, toS: 22 }],
    },
    sample.variants[0] as VariantResult,
    { width: 980, id: 'x' },
  );
  expect(svg.match(/<rect class="fault"/g)).toHaveLength(1);
  expect(svg.match(/<rect class="throughout"/g)).toHaveLength(1);
  // A span in each of the three panels: that of the load.
  const shaded = [...svg.matchAll(/class="fault"[^>]*>(<rect[^>]*>)/g)].map(([, rect]) => rect);
  expect(shaded).toHaveLength(3);
  expect(renderReport({ ...sample, faults: [], loadChanges: [{ label: 'twice', fromS: 10, toS: 22 }] })).toContain(
    'Shaded: twice (10 to 22 s).',
  );
});

it('gives every endpoint a row of its own, with its name and what it went through', () => {
  const asked = withEndpoints(sample);
  const svg = timelinePicture(asked, asked.variants[1] as VariantResult, { width: 980, id: 'x' });
  for (const text of ['greeter 1', 'greeter 2', '…0.3:5000']) expect(svg).toContain(`>${text}</text>`);
  expect(svg.match(/>left out</g)).toHaveLength(1);
  expect(svg).toContain('The edge left greeter 2 out, or its breaker was open, in 12 of 36 seconds.');
});

it('takes no text of an experiment for markup', () => {
  const evil = '</title><script>alert(1)</script>" onload="x';
  const html = renderReport({
    ...sample,
    experiment: { file: evil, title: evil, why: evil, text: evil },
    remarks: [evil],
    faults: [{ label: evil, layer: 'plan', fromS: 10, toS: 22 }],
    variants: sample.variants.map((variant) => ({ ...variant, name: `${variant.name}${evil}` })),
  });
  expect(html).not.toContain('<script');
  expect(html).not.toContain('" onload');
});

it('renders a result that was stopped before anything was measured', () => {
  const nothing: ExperimentResult = {
    ...sample,
    verdict: 'inconclusive',
    hypotheses: [],
    variants: [],
    remarks: ['The machine is too slow.'],
  };
  const html = renderReport(nothing);
  expect(html).toContain('There was no hypothesis to judge.');
  expect(html).toContain('The machine is too slow.');
});

it('shows figures that the requests themselves give', () => {
  const { runs } = sample.variants[1] as ExperimentResult['variants'][number];
  const { dueMs, outcome } = unpackRequests((runs[0] as (typeof runs)[0]).requests);
  const due = [...outcome].filter((_, index) => (dueMs[index] as number) >= 22_000);
  const share = due.filter((one) => one === 0).length / due.length;
  expect(renderReport(sample)).toContain(`>${Number((share * 100).toFixed(2))} %<span`);
});

it('names the place where a file is no result', () => {
  const text = JSON.stringify(sample);
  expect(parseResult(text, 'r.json')).toEqual(sample);
  const wrong = (change: (result: { [key: string]: unknown } & ExperimentResult) => unknown) => () =>
    parseResult(JSON.stringify(change(JSON.parse(text))), 'r.json');
  expect(wrong((result) => ({ ...result, version: 2 }))).toThrow(
    /^r\.json: is not a result of this version of the lab \(version: .*\)$/,
  );
  expect(wrong((result) => ({ ...result, verdict: 'great' }))).toThrow(/verdict/);
  expect(wrong((result) => ({ ...result, extra: 1 }))).toThrow(/extra/);
  expect(
    wrong((result) => ({
      ...result,
      variants: result.variants.map((variant) => ({
        ...variant,
        runs: variant.runs.map((run) => ({ ...run, requests: { ...run.requests, count: 7 } })),
      })),
    })),
  ).toThrow('r.json: variant none, run 0: requests.attempts holds 4328 bytes, not the 14 of 7 requests');
  expect(() => parseResult('{', 'r.json')).toThrow(ResultError);
  expect(() => parseResult('\u001b[2J', 'r.json')).toThrow(/^r\.json: is not JSON \(\P{Cc}*\)$/u);
  expect(() => readResult('/nowhere/result.json')).toThrow('/nowhere/result.json: there is no such file');
});

it('writes page, JUnit and summary beside the result', () => {
  const folder = mkdtempSync(join(tmpdir(), 'report-'));
  const file = join(folder, 'result.json');
  writeFileSync(file, JSON.stringify(sample));
  expect(writeReport(readResult(file), file)).toBe(join(folder, 'report.html'));
  expect(readFileSync(join(folder, 'report.html'), 'utf8')).toMatch(/^<!doctype html>/);
  expect(readFileSync(join(folder, 'junit.xml'), 'utf8')).toContain('tests="5" failures="1" errors="1"');
  expect(readFileSync(join(folder, 'summary.md'), 'utf8')).toContain(
    '| none, during: success ≥ 50 % | 0 % | 0 % to 0.53 % | ✗ failed |',
  );
});

it('makes XML without what XML cannot hold', () => {
  const hypotheses = sample.hypotheses.map((one) => ({ ...one, text: 'a "b" <c> & \u0007 d' }));
  const xml = renderJunit({ ...sample, hypotheses });
  expect(xml).toContain('name="a &#34;b&#34; &#60;c&#62; &#38;   d"');
  expect(xml).not.toMatch(/[^\n\P{Cc}]/u);
});

it('keeps a table row of Markdown one row', () => {
  const hypotheses = [{ ...(sample.hypotheses[0] as (typeof sample.hypotheses)[0]), text: 'a | b\n<c>' }];
  expect(renderMarkdown({ ...sample, hypotheses })).toContain('| a \\| b &lt;c> | 100 % |');
});

it('publishes a section and a picture a variant, and refuses two results of one experiment', () => {
  const { overview, sections, pictures } = publicationOf([sample]);
  const lines = [...overview, ...sections];
  expect(pictures.map(({ file }) => file)).toEqual([
    'overview.svg',
    'total-outage-none.svg',
    'total-outage-standard.svg',
  ]);
  for (const { file, svg } of pictures) {
    expect(svg).toContain('prefers-color-scheme: dark');
    // Room between what is written and the edge of its ground.
    expect(svg).toMatch(/viewBox="-14 -14 888 \d+" width="888"/);
    expect(lines.join('\n')).toContain(`](${file})`);
  }
  expect(lines[1]).toMatch(/^!\[All experiments, in the phase during.*\]\(overview\.svg\)$/);
  expect(pictures[0]?.svg).toMatch(/<desc[^>]*>All experiments.*Total outage.*: none 0 %, 2000 ms, 1×; standard 0 %, /);
  expect(lines.slice(2, 7)).toEqual([
    '',
    '| experiment | verdict | success while it was broken | attempts per request |',
    '| --- | --- | --- | --- |',
    '| [Total outage: the greeter hangs for twelve seconds](#total-outage) | ✗ failed | none 0 %, standard 0 % | none 1×, standard 0.092× |',
    '',
  ]);
  expect(lines).toContain('<a id="total-outage"></a>');
  expect(() => publicationOf([sample, sample])).toThrow('two judged results are of the experiment total-outage');
});

it('shows all experiments in one picture, a dot a variant with its interval', () => {
  const { variants } = sample;
  const other = {
    ...sample,
    experiment: { ...sample.experiment, file: 'experiments/poison.yaml', title: 'Poison <answers>' },
    variants: [...variants, { ...(variants[1] as VariantResult), name: 'bucket' }],
  };
  const svg = publicationOf([sample, other]).pictures.find(({ file }) => file === 'overview.svg')?.svg ?? '';
  const texts = [...svg.matchAll(/<text[^>]*>([^<]+)<\/text>/g)].map(([, text]) => text);
  for (const text of ['Poison &#60;answers&#62;', 'Total outage: the greeter ha…', 'none', 'standard', 'bucket']) {
    expect(texts.filter((one) => one === text)).toHaveLength(1);
  }
  const groups = (label: string) =>
    [...svg.matchAll(new RegExp(`<g [^>]*aria-label="${label}">(.*?)</g>`, 'g'))].map(([, of]) => of ?? '');
  // In each of three columns `none` and `standard` have two each, and `bucket` one; the key has one each.
  expect(groups('dot').map((of) => of.match(/<(path|circle)/g)?.length)).toEqual([1, 1, 1, 2, 2, 1, 2, 2, 1, 2, 2, 1]);
  // The success of `none`, 0 %, stands at the left edge of its column, as far as its interval reaches to the right.
  const places = [...(groups('dot')[3] ?? '').matchAll(/translate\(([\d.]+),|cx="([\d.]+)"/g)].map(
    ([, a, b]) => a ?? b,
  );
  expect(new Set(places)).toEqual(new Set(['190']));
  const { interval } = sample.hypotheses.find(
    ({ text }) => text === 'none, during: success ≥ 50 %',
  ) as HypothesisResult;
  const ends = [...svg.matchAll(/<line[^>]* x2="([\d.]+)" x1="190" ?\/>/g)].map(([, x2]) => Number(x2));
  expect(ends.some((end) => Math.abs(end - 190 - 197.33 * (interval?.[1] ?? 0)) < 0.2)).toBe(true);
});

it('leaves a column of that picture empty where nobody could measure', () => {
  const svg = overviewPicture([{ result: sample, rows: [] }], 'svg {}');
  expect([svg.includes('>Attempts per request</text>'), svg.includes('NaN'), svg.includes('Infinity')]).toEqual([
    true,
    false,
    false,
  ]);
});

it('publishes how many runs were given up before one was judged, and why', () => {
  const late = { ...sample, sound: false, gaveUpFor: 'late', remarks: ['standard: sent 34 ms late.'] } as const;
  const { overview, sections, judged, pictures } = publicationOf([late, sample, late]);
  const lines = [...overview, ...sections];
  expect(judged).toEqual([sample]);
  expect(pictures).toHaveLength(3);
  const text = lines.join('\n');
  expect(text).toContain('2 of 3 runs were given up without a verdict');
  expect(text.split('- An earlier run was given up without a verdict. standard: sent 34 ms late.')).toHaveLength(3);
  expect(publicationOf([sample]).overview).toContain('No run was given up.');
});

it('publishes nothing that decided nothing, or that no commit can tell how to have again', () => {
  const { provenance } = sample;
  const of = (change: Partial<ExperimentResult>) => () => publicationOf([{ ...sample, ...change }]);
  const late = { ...sample, sound: false, gaveUpFor: 'late', remarks: ['standard: too slow.'] } as const;
  expect(() => publicationOf([late])).toThrow('total-outage gave no verdict: standard: too slow.');
  // Stopped by what the system did: with another run beside it, somebody would have chosen.
  expect(() => publicationOf([sample, { ...late, gaveUpFor: 'limit' }])).toThrow('total-outage gave no verdict');
  expect(of({ provenance: { ...provenance, commit: `${provenance.commit}-dirty` } })).toThrow(
    'total-outage was run with uncommitted files',
  );
  expect(of({ provenance: { ...provenance, commit: 'unknown' } })).toThrow(
    'total-outage was run with uncommitted files',
  );
});

it('shows a figure without an interval by a dash, and by no word that is a variant, too', () => {
  const rows = hypothesesMarkdown(sample).filter((row) => row.includes('inconclusive'));
  expect(rows).toEqual(['| standard, after: p99.9 ≤ 100 ms | 64 ms | – | ? inconclusive |']);
});

it('tells in one sentence what became of the hypotheses', () => {
  const sentence = (verdicts: readonly Verdict[], sound = true) => {
    const hypotheses = verdicts.map((verdict) => ({ ...(sample.hypotheses[0] as HypothesisResult), verdict }));
    return verdictSentence({ ...sample, sound, hypotheses, verdict: verdicts[0] as Verdict });
  };
  expect(sentence(['failed'])).toBe('The hypothesis failed.');
  expect(sentence(['failed', 'failed'])).toBe('All 2 hypotheses failed.');
  expect(sentence(['inconclusive', 'inconclusive'])).toBe('None of the 2 hypotheses could be decided.');
  expect(sentence(['failed', 'held'])).toBe('Of 2 hypotheses, 1 failed and 1 held.');
  expect(sentence(['inconclusive', 'inconclusive'], false)).toBe(
    'The run was given up: it decides nothing about its 2 hypotheses.',
  );
});

it('says beside the verdict how the callers of each variant fared', () => {
  const rows = [...renderReport(sample).matchAll(/<tr><th scope="row">(none|standard)<\/th>(.*?)<\/tr>/g)];
  const cells = rows.map(([, name, of]) => [
    name,
    ...[...(of ?? '').matchAll(/<td>(.*?)<\/td>/g)].map(([, cell]) => cell),
  ]);
  const figures = (variant: number) => (sample.variants[variant] as VariantResult).runs[0]?.figures.during as Figures;
  const expected = [0, 1].map((variant) => [
    formatFigure('success', figures(variant).success ?? Number.NaN),
    formatFigure('p99Ms', figures(variant).p99Ms ?? Number.NaN),
    formatFigure('amplification', figures(variant).amplification ?? Number.NaN),
    '400 ms',
  ]);
  expect(cells).toEqual([
    ['none', ...(expected[0] as string[])],
    ['standard', ...(expected[1] as string[])],
  ]);
});

it('says what was left unmeasured where a run was stopped, and calls its faults planned', () => {
  const html = renderReport(stoppedAt(sample, 5));
  expect(html.match(/nothing was measured<\/td>/g)).toHaveLength(2);
  expect(html.includes('Shaded, as it was planned: greeter hangs (10 to 22 s).')).toBe(true);
  expect(html.includes('can be believed')).toBe(false);
});

it('writes times without what a machine adds to a decimal', () => {
  const faults = [{ label: 'flap', layer: 'plan' as const, fromS: 9.3 + 7, toS: 6.1 + 0.05 }];
  expect(renderReport({ ...sample, faults }).includes('flap (16.3 to 6.15 s)')).toBe(true);
});

it('tells whoever cannot see a picture of a breaker that was open, and of old answers', () => {
  const said = summaryOf(sample, sample.variants[1] as VariantResult);
  expect(said).toContain('The breaker was open in 12 of 36 seconds.');
  expect(said).toMatch(/during \(10 to 22 s\): 0 % success, [\d.]+ % degraded, p50/);
});

it('draws nothing of what a run that was stopped never measured', () => {
  const stopped = stoppedAt(sample, 5);
  const shown = shownTimeline((stopped.variants[0] as VariantResult).runs[0] as RunResult, stopped, 36);
  expect([shown.stopped, shown.offered.length, shown.attempts.length, shown.p99Ms.length]).toEqual([true, 5, 5, 5]);
  const pictureOf = (result: ExperimentResult) =>
    timelinePicture(result, result.variants[0] as VariantResult, { width: 980, id: 'x' });
  expect(pictureOf(stopped).includes('>the run was stopped here</text>')).toBe(true);
  expect(pictureOf(sample).includes('stopped here')).toBe(false);
});

it('shows a run of many minutes in spans: rates are means, latencies those of all requests in the span', () => {
  const [run] = (sample.variants[0] as VariantResult).runs as [RunResult];
  const { timeline } = run;
  // Twenty minutes, of which the first 36 seconds are known.
  const long = { ...timeline, offered: [...timeline.offered, ...Array.from({ length: 1_164 }, () => 60)] };
  const shown = shownTimeline({ ...run, timeline: long }, sample, 1_200);
  expect([shown.everyS, shown.offered.length]).toEqual([5, 240]);
  expect(shown.offered[0]).toBeCloseTo(timeline.offered.slice(0, 5).reduce((sum, count) => sum + count, 0) / 5, 9);
  const { dueMs, tookMs } = unpackRequests(run.requests);
  const took = [...tookMs].filter((_, index) => (dueMs[index] as number) >= 5_000 && (dueMs[index] as number) < 10_000);
  expect(shown.p99Ms[1]).toBe(took.toSorted((a, b) => a - b)[Math.ceil(took.length * 0.99) - 1]);
  const breaker = timeline.breaker.with(7, 'open');
  expect(shownTimeline({ ...run, timeline: { ...long, breaker } }, sample, 1_200).breaker.slice(0, 3)).toEqual([
    'closed',
    'open',
    'closed',
  ]);
  const phases = [{ name: 'during', fromS: 0, toS: 1_200 } as const];
  const svg = timelinePicture(
    { ...sample, phases, variants: [{ name: 'none', env: {}, runs: [{ ...run, timeline: long }] }] },
    { name: 'none', env: {}, runs: [{ ...run, timeline: long }] },
    { width: 980, id: 'x' },
  );
  expect(svg.includes('>Requests per second, mean of every 5 s</text>')).toBe(true);
});

it('marks a fault that is too short for a shade, and gives scales that can be read off', () => {
  const blip = { label: 'blip', layer: 'wire' as const, fromS: 15, toS: 15.05 };
  const svg = timelinePicture(
    { ...sample, variants: sample.variants.slice(1), faults: [blip] },
    sample.variants[1] as VariantResult,
    {
      width: 980,
      id: 'x',
    },
  );
  expect(svg.match(/<rect class="fault brief"/g)).toHaveLength(1);
  // Its beginning and its end, in each of three panels.
  expect(
    svg.match(/<g stroke-opacity="0.45" stroke="var\(--fault\)" aria-label="rule"><line [^>]*><line [^>]*><\/g>/g),
  ).toHaveLength(3);
  const ticks = [...svg.matchAll(/y="0.32em">([^<]+)</g)].map(([, text]) => text);
  expect(ticks.slice(0, 10)).toEqual(['0', '20', '40', '60', '80', '1 ms', '3 ms', '10 ms', '30 ms', '100 ms']);
});

it('does not say of a run that was stopped that it never came back', () => {
  const stopped = stoppedAt(sample, 5);
  const pages = [renderReport(stopped), renderMarkdown(stopped), verdictTable(stopped)];
  for (const page of pages) {
    expect([page.includes('no recovery seen'), page.includes('not within the phase')]).toEqual([true, false]);
  }
});

it('tells a variant that never came back from one that nobody measured', () => {
  const never = {
    ...sample,
    variants: sample.variants.map((variant) => ({
      ...variant,
      runs: variant.runs.map((run) => ({
        ...run,
        figures: { ...run.figures, after: { ...run.figures.after, recoveryMs: null, recovered: false } },
      })),
    })),
  };
  expect(publicationOf([never]).sections).toContain(
    '| after | recovery | not within the phase | not within the phase |',
  );
  expect(renderReport(never)).toContain('not within the phase');
});

it('shades a fault for as long as it really was in force, and as planned where that is the same to the eye', () => {
  const of = (toS: number) => {
    const [none, standard] = sample.variants as [VariantResult, VariantResult];
    const runs = standard.runs.map((run) => ({ ...run, faults: [{ fromS: 10.004, toS }] }));
    return summaryOf({ ...sample, variants: [none, { ...standard, runs }] }, { ...standard, runs });
  };
  expect(of(22.81)).toContain('Fault from 10 to 22.81 s: greeter hangs.');
  expect(of(22.03)).toContain('Fault from 10 to 22 s: greeter hangs.');
});

describe('a run in which nothing was broken, on a service of which only the URL is known', () => {
  const noBreaker = (run: RunResult): RunResult => ({
    ...run,
    timeline: {
      ...run.timeline,
      attempts: run.timeline.attempts.map(() => null),
      breaker: run.timeline.breaker.map(() => null),
    },
  });
  const [first] = sample.variants as [VariantResult];
  const calm = {
    ...sample,
    faults: [],
    loadChanges: [],
    hypotheses: sample.hypotheses.filter(({ metric }) => metric !== 'recoveryMs'),
    provenance: { ...sample.provenance, on: 'http://127.0.0.1:8081' },
    variants: [{ ...first, runs: first.runs.map(noBreaker) }],
  };

  it('has no recovery, and no empty panels', () => {
    const page = renderReport(calm);
    expect(page).toContain('the service at http://127.0.0.1:8081');
    expect(page).toContain(`Attempts could not be counted: ${first.name}.`);
    for (const absent of [
      'recovery</th>',
      'from the end of the fault',
      'Circuit breaker',
      'Attempts against requests',
    ]) {
      expect(page).not.toContain(absent);
      expect(renderReport(sample)).toContain(absent);
    }
  });

  it('has the recovery that a hypothesis asks for', () => {
    const [one] = sample.hypotheses as [HypothesisResult];
    const asked = { ...one, metric: 'recoveryMs' as const, phase: 'after' as const };
    expect(renderReport({ ...calm, hypotheses: [asked] })).toContain('recovery</th>');
    expect(renderReport(calm)).not.toContain('recovery</th>');
  });
});

it('shows no figures where nothing ran', () => {
  const remarks = ['No load was sent. GET http://127.0.0.1:1/: no answer, ECONNREFUSED (nobody listens there).'];
  const page = renderReport({ ...sample, verdict: 'inconclusive', sound: false, remarks, variants: [] });
  expect(page).toContain(remarks[0]);
  for (const absent of ['All figures', 'What happened', 'How it was measured', 'requests']) {
    expect(page.replace(sample.experiment.text, '')).not.toContain(absent);
  }
});

it('says what a variant is', () => {
  expect(renderReport(sample)).toContain('a bare call without any policy, the control');
});
