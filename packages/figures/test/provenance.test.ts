import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { provenanceOf, provenanceSchema } from '../src/provenance.ts';

const given = { command: 'pnpm lab run experiments/outage.yaml', seed: 7, on: 'embedded' };

describe('provenance', () => {
  it('has the form that results are checked against', () => {
    const provenance = provenanceOf({ ...given, libraries: { 'pure-rand': 'packages/figures' } });
    expect(provenanceSchema.parse(provenance)).toEqual(provenance);
    expect(provenance).toMatchObject({ ...given, node: process.version });
  });

  it('names the version that the given package has installed', () => {
    const { versions } = provenanceOf({ ...given, libraries: { 'pure-rand': 'packages/figures' } });
    expect(versions?.['pure-rand']).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('refuses a library that is not installed', () => {
    expect(() => provenanceOf({ ...given, libraries: { 'no-such-library': 'packages/figures' } })).toThrow(
      /no-such-library/,
    );
  });

  it('records no library unless asked to', () => {
    expect(provenanceOf(given)).not.toHaveProperty('versions');
  });

  it.runIf(existsSync(new URL('../../../.git', import.meta.url)))('names the commit that is checked out', () => {
    const head = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: import.meta.dirname, encoding: 'utf8' }).trim();
    expect(provenanceOf(given).commit.replace(/-dirty$/, '')).toBe(head);
  });
});
