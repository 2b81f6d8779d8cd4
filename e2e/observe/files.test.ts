/** What Grafana and Compose are given, as far as it can be looked at without their images. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { dashboards } from './dashboards.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const yaml = (path: string) => parse(readFileSync(root + path, 'utf8'), { merge: true });

/** Grafana's names of the units that the panels use. */
const UNITS = ['none', 'short', 'reqps', 's', 'percentunit', 'bytes'];

interface Service {
  readonly profiles?: readonly string[];
  readonly image?: string;
  readonly build?: string;
  readonly ports?: readonly string[];
  readonly cap_drop?: readonly string[];
}

describe('the profile observe', () => {
  const services = Object.entries(yaml('docker-compose.yml').services as Record<string, Service>).filter(
    ([, { profiles }]) => profiles?.includes('observe'),
  );

  test('is Prometheus, Grafana and Jaeger, each of one exact version', () => {
    expect(services.map(([name]) => name).toSorted()).toEqual(['grafana', 'jaeger', 'prometheus']);
    for (const [name, { image, build }] of services) {
      const base = image ?? /^ARG IMAGE=(\S+)$/m.exec(readFileSync(`${root}${build}/Dockerfile`, 'utf8'))?.[1];
      expect(base, name).toMatch(/:v?\d+\.\d+\.\d+$/);
    }
  });

  test('publishes on loopback only, and runs without rights', () => {
    for (const [name, { ports = [], cap_drop }] of services) {
      expect(ports.length, name).toBeGreaterThan(0);
      for (const port of ports) expect(port, name).toMatch(/^127\.0\.0\.1:\$\{[A-Z_]+_PORT:-(\d+)\}:\1$/);
      expect(cap_drop, name).toEqual(['ALL']);
    }
  });

  test('copies what is there, each folder of ours to where it is looked for', () => {
    const copied = (name: string) => {
      const lines = readFileSync(`${root}deploy/${name}/Dockerfile`, 'utf8').matchAll(
        /^COPY --chmod=0755 (\S+) (\S+)$/gm,
      );
      return Object.fromEntries([...lines].map(([, from = '', to = '']) => [from, to]));
    };
    const { providers } = yaml('deploy/grafana/provisioning/dashboards/dashboards.yml');
    expect(copied('grafana')).toEqual({
      provisioning: '/etc/grafana/provisioning',
      dashboards: providers[0].options.path,
    });
    const { rule_files: rules } = yaml('deploy/prometheus/prometheus.yml');
    expect(rules).toEqual(['rules/*.yml']);
    expect(copied('prometheus')).toEqual({
      'prometheus.yml': '/etc/prometheus/prometheus.yml',
      rules: '/etc/prometheus/rules',
    });
    for (const from of [
      'grafana/provisioning',
      'grafana/dashboards',
      'prometheus/prometheus.yml',
      'prometheus/rules',
    ]) {
      expect(existsSync(`${root}deploy/${from}`), from).toBe(true);
    }
  });

  test('gives Grafana the data sources that the dashboards ask', () => {
    const { datasources } = yaml('deploy/grafana/provisioning/datasources/datasources.yml');
    const urls = Object.fromEntries((datasources as { uid: string; url: string }[]).map(({ uid, url }) => [uid, url]));
    expect(urls).toEqual({ prometheus: 'http://prometheus:9090', jaeger: 'http://jaeger:16686' });
    for (const { templating } of dashboards) {
      const chosen = templating.list.find(({ name }) => name === 'datasource')?.current.value;
      expect(Object.keys(urls)).toContain(chosen);
    }
  });
});

describe.each(dashboards.map((dashboard) => [dashboard.title, dashboard] as const))('%s', (_title, { panels }) => {
  const shown = panels.filter(({ type }) => type !== 'row');

  test('asks every query of the data source that is chosen at its top', () => {
    const sources = panels.flatMap(({ datasource, targets = [] }) => [
      ...(datasource === undefined ? [] : [datasource.uid]),
      ...targets.map((target) => target.datasource.uid),
    ]);
    expect(new Set(sources)).toEqual(new Set(['${datasource}']));
  });

  test('has panels of known kinds, each with a question, a unit and queries', () => {
    expect(new Set(shown.map(({ type }) => type))).toEqual(new Set(['stat', 'timeseries', 'state-timeline']));
    for (const { title, description = '', fieldConfig, targets = [] } of shown) {
      expect(description.length, title).toBeGreaterThan(20);
      expect(UNITS, title).toContain(fieldConfig?.defaults.unit);
      expect(targets.map(({ refId }) => refId)).toEqual(['A', 'B', 'C', 'D'].slice(0, targets.length));
      expect(targets.length, title).toBeGreaterThan(0);
    }
  });

  test('lays them on the 24 columns without overlap, each with an id of its own', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const taken = new Set<string>();
    for (const { title, gridPos } of panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x} ${y}`), `${title} covers another panel`).toBe(false);
          taken.add(`${x} ${y}`);
        }
      }
    }
  });
});
