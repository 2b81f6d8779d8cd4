/** What promtool says of the configuration, of the rules and their unit tests, and of the metrics that they are made of. */
import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { deadUrl, get, startEdge, startSystem } from '../harness/system.ts';
import { PROMETHEUS_FOLDER, promtool } from './prometheus.ts';

const TESTS = globSync('tests/*.test.yml', { cwd: PROMETHEUS_FOLDER }).map((name) => PROMETHEUS_FOLDER + name);

interface AlertTest {
  readonly alertname: string;
  readonly exp_alerts: readonly unknown[];
}

describe('the rules', () => {
  test('are valid, and so is the configuration that names them', async () => {
    const output = await promtool(['check', 'config', '--lint-fatal', `${PROMETHEUS_FOLDER}prometheus.yml`]);
    expect(output).toContain('2 rule files found');
  });

  test('do what their unit tests say', async () => {
    expect(TESTS.length).toBeGreaterThan(0);
    expect(await promtool(['test', 'rules', ...TESTS])).toContain('SUCCESS');
  });

  test('have for each alert a unit test in which it rings, and one in which it is silent', () => {
    const { groups } = parse(readFileSync(`${PROMETHEUS_FOLDER}rules/alerts.yml`, 'utf8'));
    const alerts = (groups as { rules: { alert: string }[] }[]).flatMap(({ rules }) => rules.map(({ alert }) => alert));
    const cases = TESTS.flatMap(
      (file) => parse(readFileSync(file, 'utf8')).tests as { alert_rule_test?: readonly AlertTest[] }[],
    ).flatMap(({ alert_rule_test = [] }) => alert_rule_test);
    const named = (of: (one: AlertTest) => boolean) => new Set(cases.filter(of).map(({ alertname }) => alertname));
    expect([...named(({ exp_alerts }) => exp_alerts.length > 0)].toSorted()).toEqual(alerts.toSorted());
    expect([...named(({ exp_alerts }) => exp_alerts.length === 0)].toSorted()).toEqual(alerts.toSorted());
  });
});

test('promtool finds nothing wrong with the metrics of an edge and a greeter that have met failures', async () => {
  const { edge, greeter } = await startSystem();
  const lonely = await startEdge(deadUrl());
  const faults = ['status=503', 'status=404', 'reset', 'truncate', 'malformed', 'hang', 'delay=50', 'nonsense'];
  await Promise.all([
    get(`${edge.url}/hello`),
    get(`${edge.url}/nowhere`),
    get(`${edge.url}/hello`, {}, 'DELETE'),
    get(`${edge.url}/hello?name=`),
    get(`${lonely.url}/hello`),
    ...faults.map((fault) => get(`${edge.url}/hello`, { 'x-fault': fault })),
  ]);
  for (const { opsUrl } of [edge, greeter, lonely]) {
    const { text } = await get(`${opsUrl}/metrics`);
    expect(text).toMatch(/http_server_request_duration_seconds_count\{.+\} \d/);
    // It says nothing where it finds nothing.
    expect(await promtool(['check', 'metrics'], text)).toBe('');
  }
});
